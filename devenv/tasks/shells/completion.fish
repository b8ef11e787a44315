# Completion of inv, invoke and .dev/run in fish: the tasks, flags and names of the repository of the current folder.
function __devenv
    set -l folder $PWD
    set -l current (commandline -ct)
    while test -n "$folder"; and not test -f "$folder/.dev/run"
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    if test -f "$folder/.dev/run"
        sh "$folder/.dev/run" --complete -- (commandline -opc) "$current" 2>/dev/null
    end
end
complete -c inv -f -a '(__devenv)'
complete -c invoke -f -a '(__devenv)'
complete -p '*/.dev/run' -f -a '(__devenv)'
