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
for name in inv invoke .dev/run ./.dev/run
    complete -c $name -f -a '(__devenv)'
end
