#!/bin/sh
# Keeps the logs below a folder bounded: keeper.sh FOLDER MARK. Started and ended with the services. It also notes how long
# each log was at which time, for `dev.logs --since`: in log.times, a line with both for each round with new lines.
# In shell, not Python: it is resident, and takes half a megabyte instead of six. A round without new lines starts only
# `sleep`: with `find` too, it took more CPU than the service that nobody uses. It truncates the file in place, since the
# process that writes to it has it open. Lines that are written during the cut may be lost.
folder=$1
pause=1 # seconds of a round; 3 while nothing is logged: at 1, half of all CPU of a service at rest was `sleep`
quick=0 # short rounds left: a log that grew too long will probably grow further at once
last=$folder/looked.0 now=$folder/looked.1 # when it looked: `now` is made before a look, so that no line is missed
rm -f "$last" # everything is new at first
while if [ $quick = 0 ]; then sleep $pause; else sleep 0.05; fi && [ -d "$folder" ]; do
	[ $quick = 0 ] || quick=$((quick - 1))
	{ true >"$now"; } 2>/dev/null # not on a full disk, but then the logs must be cut anyway
	pause=3
	for log in "$folder"/*/log; do
		{ [ -f "$log" ] && [ ! "$last" -nt "$log" ]; } || continue # as new as the last look, or newer
		pause=1
		size=$(($(wc -c <"$log")))
		if [ "$size" -gt 10485760 ]; then # 10 MB
			quick=40
			tail -c 1048576 "$log" >"$log.cut" # this fails on a full disk, but then the log must be cut anyway
			: >"$log" && cat "$log.cut" >>"$log"
			rm -f "$log.cut" "$log.times"
		elif [ $quick = 0 ]; then
			echo "$(($(date -r "$log" +%s) + 1)) $size" >>"$log.times" # after its last line, which is in the same second
		fi
	done 2>/dev/null
	swap=$last last=$now now=$swap
done
