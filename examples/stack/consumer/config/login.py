"""How a person whom lms knows is called here."""


def username(email: str, claims: dict[str, str]) -> str:
    """As there. Without this, mozilla-django-oidc takes a hash of the e-mail address."""
    return claims["preferred_username"]
