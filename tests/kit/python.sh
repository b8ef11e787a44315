#!/usr/bin/env bash
# python.sh FOLDER: Python 3.14, which no release of Debian has, from its unstable suite: FOLDER/bin/python3.
# For CI and test machines, as root on Debian. It has the C library that it needs with it; only the two programs that
# fetch and change it are installed. Idempotent. The folder cannot be moved.
set -euo pipefail
folder=$(realpath -m "${1:?the folder}")
newest=python3.14

mirror() { # the archive that this machine already uses
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{sources,list} 2>/dev/null |
		grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || :
}

if [ ! -x "$folder/bin/python3" ]; then
	[ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get update -qq
	for tool in mmdebstrap patchelf; do
		command -v $tool >/dev/null || apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $tool >/dev/null
	done
	rm -rf "$folder"
	mkdir -p "$folder"
	# Unpacked, with what it depends on; no script of a package runs.
	mmdebstrap --quiet --variant=extract --include=$newest-venv \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
		sid "$folder/root" "$(mirror)" >&2
	libraries=$folder/root/usr/lib/$(uname -m)-linux-gnu
	# In the old form of a search path, which also holds for what Python loads later.
	patchelf --set-interpreter "$(ls "$libraries"/ld-linux-*.so.*)" --force-rpath --set-rpath "$libraries" \
		"$folder/root/usr/bin/$newest"
	# Where `python -m venv` finds pip.
	sed -i "s#/usr/share/python-wheels#$folder/root&#" "$folder/root/usr/lib/$newest"/_sysconfig*
	mkdir -p "$folder/bin"
	ln -s "../root/usr/bin/$newest" "$folder/bin/python3"
fi
"$folder/bin/python3" --version
