#!/bin/sh
# Keeps the logs below a folder bounded: keeper.sh FOLDER. Started and ended with the services.
# In shell, not Python: it is resident, and takes half a megabyte instead of six. It truncates the file in place, since
# the process that writes to it has it open. Lines that are written during the cut may be lost.
folder=$1
quick=0 # short rounds left: a log that grew too long will probably grow further at once
while if [ $quick = 0 ]; then sleep 1; else sleep 0.05; fi && [ -d "$folder" ]; do
	[ $quick = 0 ] || quick=$((quick - 1))
	long=$(find "$folder" -mindepth 2 -maxdepth 2 -name log -size +20480) # 512-byte blocks: 10 MB
	[ -n "$long" ] || continue
	quick=40
	echo "$long" | while IFS= read -r log; do
		tail -c 1048576 "$log" >"$log.cut" # this fails on a full disk, but then the log must be cut anyway
		: >"$log" && cat "$log.cut" >>"$log"
		rm -f "$log.cut"
	done
done
