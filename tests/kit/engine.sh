#!/usr/bin/env bash
# engine.sh: a current Docker engine with Compose and buildx on Debian 12 or newer, from Debian's own archive only,
# and a dockerd that answers. For CI and test machines, as root. Idempotent.
# ENGINE_SUITES is the order of preference: bookworm's own engine (20.10) is too old for healthcheck.start_interval.
set -euo pipefail
suites=${ENGINE_SUITES:-"sid trixie"}
log=${ENGINE_LOG:-/var/log/dockerd.log}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "engine: $*"; }
installed() { command -v dockerd && docker compose version && docker buildx version; } >/dev/null 2>&1
running() { docker info >/dev/null 2>&1; } # a client alone proves nothing

mirror() { # the archive that this machine already uses
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{sources,list} 2>/dev/null |
		grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || :
}

add_suites() { # pinned below 100, so that nothing is ever upgraded from them by accident
	local from suite here
	from=$(mirror)
	: "${from:?no Debian archive in the apt sources}"
	here=$(. /etc/os-release && echo "$VERSION_CODENAME")
	: >/etc/apt/sources.list.d/engine.sources
	: >/etc/apt/preferences.d/engine
	for suite in $suites; do
		[ "$suite" != "$here" ] || continue
		# sid's Release file may be past its date on a mirror
		printf '%s\n' "Types: deb" "URIs: $from" "Suites: $suite" "Components: main" \
			"Check-Valid-Until: no" "Signed-By: $keyring" "" >>/etc/apt/sources.list.d/engine.sources
		printf 'Package: *\nPin: release n=%s\nPin-Priority: 50\n\n' "$suite" >>/etc/apt/preferences.d/engine
	done
	apt-get update -qq -o Acquire::Languages=none
}

packages() { # PACKAGE/SUITE and never -t SUITE, which upgrades the C library along
	local suite=$1
	printf '%s\n' {docker.io,docker-cli,docker-compose,docker-buildx,containerd}/"$suite" iptables mmdebstrap
	! apt-cache show tini-static >/dev/null 2>&1 || echo tini-static # newer suites split it out
}

touches_base() { grep -qE '^(Remv|Inst (libc6|libc-bin|libssl3|systemd) \[)' <<<"$1"; }

install_from() {
	local suite=$1 plan list
	mapfile -t list < <(packages "$suite")
	plan=$(apt-get install -s --no-install-recommends "${list[@]}" 2>&1) || { say "$suite: not installable here"; return 1; }
	if touches_base "$plan"; then say "$suite: would replace parts of the base system"; return 1; fi
	say "installing from $suite"
	apt-get install -y -qq --no-install-recommends "${list[@]}" >"$log.apt" 2>&1 || { tail -n 5 "$log.apt"; return 1; }
}

install_engine() {
	export DEBIAN_FRONTEND=noninteractive
	if [ ! -e /usr/sbin/policy-rc.d ]; then # no daemon but the one that we start
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	add_suites
	for suite in $suites; do ! install_from "$suite" || return 0; done
	say "no suite gave an engine"
	return 1
}

start_engine() { # a session of its own with its own output: it outlives this script and holds none of its files
	rm -f /var/run/docker.pid
	setsid nohup dockerd >"$log" 2>&1 </dev/null &
	for _ in {1..300}; do running && return 0 || sleep 0.2; done
	say "dockerd does not answer; the end of $log:"
	tail -n 20 "$log"
	return 1
}

installed || install_engine
running || start_engine
say "$(docker info --format '{{.ServerVersion}}' 2>/dev/null || :) with Compose $(docker compose version --short)"
