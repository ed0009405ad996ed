"""Keys of providers of embeddings and models: `OVIA_OPENAI_API_KEY` and the like, or secret files of those names.

Whoever manages an organisation chooses the address that is asked; whoever runs the installation says here to which
addresses a key may go. Otherwise choosing an address of one's own would be a way to read the key.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from ovia_shared.config.settings import CommonSettings
from ovia_shared.config.sources import Names

_MEANT = "origins the key may be sent to, comma-separated, such as https://models.company.example"


def _origins(given: tuple[str, ...]) -> tuple[str, ...]:
    for one in given:
        scheme, _, rest = one.partition("://")
        if scheme not in ("http", "https") or not rest or "/" in rest.rstrip("/") or "@" in rest:
            raise ValueError("expected origins such as https://models.company.example, without path, user or password")
    return tuple(one.rstrip("/").lower() for one in given)


def _sendable(key: SecretStr | None) -> SecretStr | None:
    text = "" if key is None else key.get_secret_value().strip()
    if not text:
        # A swarm cannot hold an empty secret: one that nobody provided is a line without anything in it.
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds characters that no key has; copy it again")
    return SecretStr(text)


Origins = Annotated[Names, AfterValidator(_origins)]
Key = Annotated[SecretStr | None, AfterValidator(_sendable)]


class ProviderKeys(CommonSettings):
    """Which key goes to whom. A key without its own list goes to the provider's own address only."""

    openai_api_key: Key = None
    openai_key_origins: Origins = Field(("https://api.openai.com",), description=_MEANT)
    azure_api_key: Key = None
    azure_key_origins: Origins = Field((), description=_MEANT)
    anthropic_api_key: Key = None
    anthropic_key_origins: Origins = Field(("https://api.anthropic.com",), description=_MEANT)
    rerank_api_key: Key = None
    rerank_key_origins: Origins = Field((), description=_MEANT)
