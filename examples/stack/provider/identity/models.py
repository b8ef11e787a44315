"""The key that signs what this service says about a person."""

from django.db import models
from jwcrypto.jwk import JWK


class SigningKey(models.Model):
    name = models.SlugField(primary_key=True)
    pem = models.TextField()

    def __str__(self) -> str:
        return self.name


def new_pem() -> str:
    return JWK.generate(kty="RSA", size=2048).export_to_pem(private_key=True, password=None).decode()
