"""What a client learns about a person, scope by scope."""

from collections.abc import Callable
from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator


class ClaimsValidator(OAuth2Validator):
    def get_additional_claims(self) -> dict[str, Callable[[Any], str]]:
        return {
            "preferred_username": lambda request: request.user.get_username(),
            "email": lambda request: request.user.email,
        }
