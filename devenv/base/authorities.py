"""The certificate authorities of this network: one file, for git, package managers, builds and running services.

`CA_BUNDLE` names it, else `SSL_CERT_FILE`, else a variable of one program (`GIVEN`); else it is the system's file, if
someone added authorities to the system. Anything that reads such a file trusts nothing else, so what was given is
joined with the system's authorities.

bootstrap.py runs this file too, before anything is installed: it imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

# Debian, Fedora, macOS and Alpine, openSUSE.
SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)
# Where people put authorities for the system's tools to add. Debian, Fedora, openSUSE, Arch.
ADDED = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
    "/etc/ca-certificates/trust-source/anchors",
)
# OpenSSL, Python and uv; pip; requests and Poetry; Node, npm, pnpm and Yarn; curl.
VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
GIVEN = ("CA_BUNDLE", *VARIABLES, "GIT_SSL_CAINFO")  # where the person may name it; the first one counts
LARGEST = 500 * 1024  # bytes of a secret that BuildKit takes


def variables(path: str) -> dict[str, str]:
    """The variables by which programs find the authorities in a file; empty for no file."""
    return {} if path in ("", os.devnull) else dict.fromkeys(VARIABLES, path)


def find(environment: Mapping[str, str]) -> str:
    """The file with all authorities, in our cache; os.devnull if this network has none of its own.

    A copy, since an engine in a virtual machine sees folders of the person only.
    """
    given, system = named(environment), _system()
    if not os.path.isfile(given):
        given = system if _added() else ""
    if not given:
        return os.devnull
    try:
        return _joined(given, system, _folder(environment))
    except OSError:
        return os.path.abspath(given)


def named(environment: Mapping[str, str]) -> str:
    """The file that the person names; empty without one. Some variables may also name a folder, which others cannot."""
    named = (environment.get(name, "") for name in GIVEN)
    return next((path for path in named if path and not os.path.isdir(path)), "")


def _joined(given: str, system: str, folder: Path) -> str:
    text = Path(given).read_bytes()
    if system and not os.path.samefile(given, system):
        both = text.rstrip(b"\n") + b"\n" + Path(system).read_bytes()
        text = both if len(both) <= LARGEST else text
    path = folder / f"{hashlib.sha256(os.path.abspath(given).encode()).hexdigest()[:12]}.pem"
    if not (path.is_file() and path.read_bytes() == text):
        folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder)
        with open(handle, "wb") as file:
            file.write(text)
        os.chmod(draft, 0o644)  # containers run as other users
        os.replace(draft, path)
    return str(path)


def _folder(environment: Mapping[str, str]) -> Path:
    """See toolcache.home."""
    base = environment.get("XDG_CACHE_HOME", "")
    return Path(base if base.startswith("/") else os.path.expanduser("~/.cache"), "devenv", "authorities")


def _system() -> str:
    return next((path for path in SYSTEM if os.path.isfile(path)), "")


def _added() -> bool:
    """Whether someone added authorities to the system."""
    for folder in ADDED:
        for _, _, names in os.walk(folder):
            if any(name.endswith((".crt", ".pem", ".cer")) for name in names):
                return True
    return False
