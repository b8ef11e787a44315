#!/bin/sh
# Keeps the logs below a folder bounded: keeper.sh FOLDER. Started and ended with the services.
# A shell and no Python: it is resident, and costs half a megabyte instead of six. It cuts a file in place, since the
# process that writes to it has it open; lines written in that very moment may be lost.
folder=$1
quick=0 # short rounds that are still to come: where a log grew too long, more is likely to follow at once
while if [ $quick = 0 ]; then sleep 1; else sleep 0.05; fi && [ -d "$folder" ]; do
	[ $quick = 0 ] || quick=$((quick - 1))
	long=$(find "$folder" -mindepth 2 -maxdepth 2 -name log -size +20480) # 512-byte blocks: 10 MB
	[ -n "$long" ] || continue
	quick=40
	echo "$long" | while IFS= read -r log; do
		tail -c 1048576 "$log" >"$log.cut" # on a full disk there is no room for it: the log has to be cut all the more
		: >"$log" && cat "$log.cut" >>"$log"
		rm -f "$log.cut"
	done
done
