# Installs a checkout of a library in an image, over the release that is there: a step of the build, see additions.py.
# sh install.sh FOLDER SECRETS KIND WORD…: KIND is python, node, or command: the words are the one of dev.yaml.
# SECRETS: VARIABLE=value:ID or VARIABLE=path:ID for each secret of the build, which are files here.
set -eu
folder=$1 secrets=$2 kind=$3
shift 3
export HOME=/root
if [ -s /run/secrets/ca ]; then
    export SSL_CERT_FILE=/run/secrets/ca PIP_CERT=/run/secrets/ca NODE_EXTRA_CA_CERTS=/run/secrets/ca
fi
for each in $secrets; do
    variable=${each%%=*} file=/run/secrets/${each##*:}
    # One that is not set is an empty file, or no variable, as without containers.
    case $each in
    *=value:*) if [ -s "$file" ]; then export "$variable=$(cat "$file")"; fi ;;
    *) export "$variable=$file" ;;
    esac
done

install_python() { # the names of the edited libraries; the first is this one
    export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
    there=$(command -v python || command -v python3)
    if command -v uv >/dev/null; then pip="uv pip" where="--python $there"; else pip="$there -m pip" where=; fi
    edited=$(printf '%s\n' "$@" | sed 's/[-_.]\{1,\}/[-_.]+/g' | paste -sd '|' -)
    # None of the other packages changes its version.
    cd /devenv/service # for the settings of uv in pyproject.toml
    # shellcheck disable=SC2086
    $pip freeze $where | grep '==' | grep -Eiv "^($edited)==" >/tmp/locked || true
    # shellcheck disable=SC2086
    $pip install $where --constraint /tmp/locked --editable "$folder"
    rm -f /tmp/locked
}

install_node() { # the name, the packages that it shares with the service, what else it needs
    name=$1 shared=$2 there=$PWD
    while [ ! -e "$there/node_modules/$name" ]; do
        if [ "$there" = / ]; then echo "there is no release of $name in the image to replace" >&2; exit 1; fi
        there=$(dirname "$there")
    done
    rm -rf "$there/node_modules/$name"
    ln -s "$folder" "$there/node_modules/$name"
    shift 2
    # Above the checkout, where it does not change: Node looks in the folders above, too.
    if [ $# -gt 0 ]; then npm install --prefix "/libraries/$name" --no-save --no-package-lock --no-audit --no-fund "$@"; fi
    for each in $shared; do
        [ -e "$there/node_modules/$each" ] || continue
        mkdir -p "$(dirname "/libraries/$name/node_modules/$each")"
        rm -rf "/libraries/$name/node_modules/$each"
        ln -s "$there/node_modules/$each" "/libraries/$name/node_modules/$each"
    done
}

case $kind in
python) install_python "$@" ;;
node) install_node "$@" ;;
*) cd "$folder" && exec "$@" ;;
esac
