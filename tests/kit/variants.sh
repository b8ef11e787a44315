#!/usr/bin/env bash
# variants.sh: other container engines, next to the one that is there, which it does not touch. Debian, as root.
#   variants.sh start rootless|podman           install and start it, and load the base images of the other engine
#   variants.sh run rootless|podman COMMAND…    run a command as the user whose engine it is
#   variants.sh stop rootless|podman
# Each has an ordinary user's rights, data, socket and processes. Idempotent. No systemd is needed.
set -euo pipefail
user=devenv-engines
# Not below /var/lib: Podman mounts another folder there before it connects a container to its network.
home=/home/$user
images='^(python|postgres|ghcr\.io/astral-sh/uv):'

say() { echo "variants: $*" >&2; }
runtime() { echo "/run/user/$(id -u $user)"; }
socket() { case $1 in rootless) echo "$(runtime)/docker.sock" ;; podman) echo "$(runtime)/podman/podman.sock" ;; esac; }
as_user() { # instead of this shell; its processes find nothing of ours, except what a test hands over
	exec setpriv --reuid=$user --regid=$user --init-groups --inh-caps=-all \
		env HOME="$home" XDG_RUNTIME_DIR="$(runtime)" "$@"
}
on() { DOCKER_HOST=unix://$(socket "$1") timeout 300 docker "${@:2}"; }
answers() { on "$1" version >/dev/null 2>&1; }

install() {
	local wanted=(uidmap slirp4netns) have
	case $1 in
	rootless) wanted+=(rootlesskit) ;;
	podman) wanted+=(podman netavark aardvark-dns catatonit fuse-overlayfs crun) ;;
	esac
	have=$(dpkg-query -W -f '${db:Status-Abbrev}\n' "${wanted[@]}" 2>/dev/null | grep -c '^ii' || :)
	[ "$have" = "${#wanted[@]}" ] && return
	say "installing ${wanted[*]}"
	[ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ] || apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
		"${wanted[@]}" >/dev/null
}

prepare() { # what a desktop system has
	if ! id $user >/dev/null 2>&1; then
		useradd --system --user-group --create-home --home-dir $home --shell /bin/sh $user
		usermod --add-subuids 600000-665535 --add-subgids 600000-665535 $user
	fi
	install_folder "$(runtime)" 700
	install_folder "$(runtime)/podman" 700
	chmod 666 /dev/net/tun /dev/fuse
}
install_folder() { mkdir -p "$1" && chown $user: "$1" && chmod "$2" "$1"; }

configure_podman() {
	local folder=$home/.config/containers
	mkdir -p "$folder"
	# Without systemd, no journal and no groups of systemd. crun refuses cgroups of both versions on one machine.
	printf '%s\n' '[network]' 'network_backend = "netavark"' '[engine]' 'cgroup_manager = "cgroupfs"' \
		'events_logger = "file"' >"$folder/containers.conf"
	[ ! -d /sys/fs/cgroup/unified ] || echo 'runtime = "runc"' >>"$folder/containers.conf"
	printf '%s\n' '[storage]' 'driver = "overlay"' >"$folder/storage.conf"
	echo 'unqualified-search-registries = ["docker.io"]' >"$folder/registries.conf"
	chown -R $user: "$home/.config"
}

launch() { # in a session and a mount namespace of its own: it outlives this script, and changes no mount of ours
	local log=$home/$1.log command
	case $1 in
	rootless) command=(sh /usr/share/docker.io/contrib/dockerd-rootless.sh) ;;
	podman) # first the note about its user namespace: a process that was killed may still be in it
		configure_podman
		command=(sh -c 'podman system migrate; exec "$@"' sh podman system service --time=0 "unix://$(socket podman)")
		;;
	esac
	rm -f "$(socket "$1")"
	(
		cd $home
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin
		as_user env -i HOME=$home XDG_RUNTIME_DIR="$(runtime)" PATH=$PATH setsid nohup "${command[@]}" >"$log" 2>&1 </dev/null 9>&- &
	)
	for _ in {1..150}; do ! answers "$1" || return 0; sleep 0.2; done
	say "$1 does not answer; the end of $log:"
	tail -n 20 "$log" >&2
	return 1
}

load() { # Docker's names: what Podman loads without a registry's name is of localhost
	local name missing=()
	for name in $(docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -E "$images"); do
		[ "$(on "$1" image inspect --format '{{.Id}}' "$name" 2>/dev/null)" = \
			"$(docker image inspect --format '{{.Id}}' "$name")" ] || missing+=("$name")
	done
	[ ${#missing[@]} != 0 ] || return 0
	docker save "${missing[@]}" | on "$1" load >/dev/null
	[ "$1" = podman ] || return 0
	for name in "${missing[@]}"; do case $name in */*) ;; *) # by its id: some images keep Docker's name
		on podman tag "$(docker image inspect --format '{{.Id}}' "$name")" "docker.io/library/$name"
		on podman image rm "localhost/$name" >/dev/null 2>&1 || : ;;
	esac done
}

pids() { # of its engine: the processes of this user that were started for it
	local pattern
	case $1 in rootless) pattern='^rootlesskit ' ;; podman) pattern='^podman system service ' ;; esac
	ps -u $user -o pid=,args= 2>/dev/null | awk -v p="$pattern" '{ pid = $1; $1 = ""; sub(/^ /, "") } $0 ~ p { print pid }'
}

verb=${1:?start, run or stop} name=${2:?rootless or podman}
[ -n "$(case $name in rootless | podman) echo ok ;; esac)" ] || { say "$name: unknown"; exit 2; }
case $verb in
run) as_user DOCKER_HOST="unix://$(socket "$name")" "${@:3}" ;;
stop) for pid in $(pids "$name"); do kill "$pid"; done ;;
start)
	exec 9>"/run/lock/$user" && flock 9 # one at a time
	install "$name"
	prepare
	answers "$name" || launch "$name"
	load "$name"
	say "$(on "$name" version --format '{{range .Server.Components}}{{.Name}} {{.Version}}, {{end}}' | tr '\n' ' ')"
	;;
*) say "$verb: unknown" && exit 2 ;;
esac
