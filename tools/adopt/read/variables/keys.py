"""Variables with a key of the service itself: any text will do in development."""

from __future__ import annotations

import re

OWN = re.compile(
    r"(?:(?:APP|APPLICATION|AUTH|COOKIE|CSRF|DJANGO|FLASK|EXPRESS|JWT|NEXTAUTH|SECURITY|SESSION|TOKEN|ACCESS_TOKEN"
    r"|REFRESH_TOKEN|JWT_ACCESS|JWT_REFRESH|JWT_REFRESH_TOKEN|JWT_ACCESS_TOKEN)_)?(?:SECRET|SECRET_KEY|KEY_SECRET)"
    r"|SECRET_KEY_BASE|APP_KEY|APP_KEYS|JWT_KEY|SESSION_KEY|SECURITY_PASSWORD_SALT|PASSWORD_SALT|HASH_SALT"
)


def own(name: str, service: str = "") -> bool:
    """Whether a variable is such a key by its name, which may begin with that of the service."""
    prefix = re.sub(r"\W", "_", service).upper()
    plain = re.sub(r"_+", "_", name)
    return bool(OWN.fullmatch(plain.removeprefix(f"{prefix}_") if prefix else plain))
