# Completion of inv, invoke and .dev/run in bash: the tasks, flags and names of the repository of the current folder.
_devenv() {
	local folder=$PWD word
	local -a found=()
	COMPREPLY=()
	while [ -n "$folder" ] && [ ! -f "$folder/.dev/run" ]; do folder=${folder%/*}; done
	if [ -f "$folder/.dev/run" ]; then
		found=(sh "$folder/.dev/run")
	elif [ "${1##*/}" = inv ] || [ "${1##*/}" = invoke ]; then
		found=("$1") # another repository: invoke's own answer
	else
		return
	fi
	while IFS= read -r word; do
		case $word in "$2"*) COMPREPLY+=("$word") ;; esac
	done < <("${found[@]}" --complete -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
}
complete -o default -F _devenv inv invoke .dev/run ./.dev/run
