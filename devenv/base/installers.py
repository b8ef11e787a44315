"""Settings of pip, uv and npm that a person has for other environments: other folders, or other packages.

Those for the index, the network and the cache stay. For pip and uv, they are listed here: each release has more of the
others. bootstrap.py runs this file too, before anything is installed: it imports nothing of ours.
"""

from __future__ import annotations

import re

PIP = (
    "PIP_(?!((EXTRA_)?INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|(CLIENT_)?CERT|PROXY|(NO_)?CACHE_DIR|CONFIG_FILE"
    "|(DEFAULT_)?TIMEOUT|KEYRING_PROVIDER|USE_(FEATURE|DEPRECATED))$)"
)
UV = (
    r"UV_(?!((EXTRA_)?INDEX_URL|(DEFAULT_)?INDEX(_\w+)?|FIND_LINKS|KEYRING_PROVIDER|CREDENTIALS_DIR|GITHUB_TOKEN|OFFLINE"
    r"|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|(HTTP|HTTPS|REQUEST)_\w+|\w+_(MIRROR|ENDPOINT|MIRROR_URL|ENDPOINT_URL)"
    r"|CONCURRENT_\w+|LINK_MODE|LOCK_TIMEOUT|STACK_SIZE|(NO_)?CACHE(_DIR)?|PYTHON_(CACHE|INSTALL)_DIR|CONFIG_FILE"
    r"|NO_SYSTEM_CONFIG)$)"
)
NPM = (
    "(?i:npm_config_(global|location|prefix|workspaces?|include_workspace_root|omit|include|only|production|dev"
    "|optional|dry_run|package_lock(_only)?|save(_.*)?|tag|before|os|cpu|libc)$)"
)

# What the person's uv.toml, pip.conf and .npmrc may hold, too: a variable wins over these files. The Python was chosen.
FIXED = {
    "PIP_USER": "0",  # with `user = true`, pip fails in any virtual environment
    "UV_PYTHON_PREFERENCE": "system",
    "npm_config_global": "false",
    "npm_config_location": "user",
    "npm_config_dry_run": "false",
    "npm_config_package_lock_only": "false",
}


def is_foreign(variable: str) -> bool:
    """Whether a variable with this name is such a setting."""
    return re.match(f"{PIP}|{UV}|{NPM}", variable) is not None
