"""Where the signing key comes from. The settings import this, so it imports no model while it loads."""


def signing_key() -> str:
    """The private key as PEM, made when it is first asked for.

    In the database, so that no key is in the repository or in the image, all workers have the same one,
    and it outlives a restart.
    """
    from identity.models import SigningKey, new_pem

    return SigningKey.objects.get_or_create(name="id-token", defaults={"pem": new_pem})[0].pem
