"""Clients of other services: created or updated. The secret is printed each time."""

from django.contrib.auth.hashers import make_password
from django.utils.crypto import salted_hmac
from oauth2_provider.models import Application


def ensure_client(client_id: str, redirect_uri: str) -> dict[str, str]:
    secret = secret_of(client_id)
    fields = {
        "name": client_id,
        "client_secret": make_password(secret, salt=f"{client_id}-on-a-development-machine"),
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "algorithm": Application.RS256_ALGORITHM,
        "redirect_uris": redirect_uri,
        "skip_authorization": True,  # services of one house: nobody is asked whether shop may know the name
    }
    # Only where something differs: a save would note a new time, and the rows would not be the same.
    if not Application.objects.filter(client_id=client_id, **fields).exists():
        Application.objects.update_or_create(client_id=client_id, defaults=fields)
    return {"client_id": client_id, "client_secret": secret}


def secret_of(client_id: str) -> str:
    """Derived, since the database holds a hash that cannot be read back: asked again, the answer is the same."""
    return salted_hmac("seeds.clients", client_id, algorithm="sha256").hexdigest()
