"""The settings of the api service."""

from typing import Literal
from uuid import UUID

from pydantic import Field, SecretStr, field_validator

from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.errors import BadSettings
from ovia_shared.security.credentials import CredentialsVault


class ApiSettings(HttpServiceSettings):
    """An HTTP service that keeps credentials: with keys that cannot be used it does not start."""

    grafana_organisation: UUID | Literal["any"] | None = Field(
        None,
        description="whose people may open Grafana, which shows all organisations: an id, `any`, or none: those of the"
        " only organisation there is",
    )

    @field_validator("credentials_keys")
    @classmethod
    def _usable(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            try:
                CredentialsVault(keys.get_secret_value())
            except BadSettings as error:
                raise ValueError(error.message.removeprefix("OVIA_CREDENTIALS_KEYS: ")) from None
        return keys
