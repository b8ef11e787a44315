"""Settings of pip, uv and npm that a person has for other environments: other folders, or other packages.

Those for the index, the network and the cache stay. bootstrap.py runs this file too, before anything is installed: it
imports nothing of ours.
"""

from __future__ import annotations

import re

PIP = (
    "PIP_(?!((EXTRA_)?INDEX_URL|NO_INDEX|FIND_LINKS|TRUSTED_HOST|(CLIENT_)?CERT|PROXY|(NO_)?CACHE_DIR|CONFIG_FILE"
    "|(DEFAULT_)?TIMEOUT|KEYRING_PROVIDER|USE_(FEATURE|DEPRECATED))$)"
)
UV = (
    "UV_(SYSTEM_PYTHON|PYTHON|CONSTRAINT|OVERRIDE|EXCLUDE|EXCLUDE_NEWER|TARGET|PREFIX|VENV_SEED|DRY_RUN|NO_BINARY"
    "|NO_BUILD|BUILD_CONSTRAINT|PROJECT_ENVIRONMENT|WORKING_DIRECTORY|PRERELEASE|RESOLUTION|VENV_CLEAR)$"
)
NPM = (
    "(?i:npm_config_(global|location|prefix|workspaces?|include_workspace_root|omit|include|only|production|dev"
    "|optional|dry_run|package_lock(_only)?|save(_.*)?|tag|before|os|cpu|libc)$)"
)


def is_foreign(variable: str) -> bool:
    """Whether a variable with this name is such a setting."""
    return re.match(f"{PIP}|{UV}|{NPM}", variable) is not None
