# Completion of inv, invoke and .dev/run in zsh: the tasks, flags and names of the repository of the current folder.
_devenv() {
	local folder=$PWD
	local -a answers found
	while [[ -n $folder && ! -f $folder/.dev/run ]]; do folder=${folder%/*}; done
	if [[ -f $folder/.dev/run ]]; then
		answers=(sh $folder/.dev/run)
	elif [[ ${words[1]:t} == inv(|oke) ]]; then
		answers=($words[1]) # another repository: invoke's own answer
	else
		_files
		return
	fi
	found=("${(@f)$($answers --complete -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
	compadd -- ${(@)found:#} || _files
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _devenv inv invoke .dev/run ./.dev/run
