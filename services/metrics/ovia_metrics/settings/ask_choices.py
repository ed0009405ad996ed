"""Whether a choice of providers makes sense."""

from collections.abc import Iterator

from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask_settings import (
    AskSettings,
    EmbeddingChoice,
    EmbeddingProvider,
    ModelChoice,
    ModelProvider,
    RerankChoice,
    RerankProvider,
)
from ovia_shared.source_client.addresses import base_address

_NOBODY = (EmbeddingProvider.EMBEDDED, ModelProvider.NONE, RerankProvider.NONE)
# They have an address of their own.
_AT_HOME = (EmbeddingProvider.OPENAI, ModelProvider.OPENAI, ModelProvider.ANTHROPIC)

Choice = EmbeddingChoice | ModelChoice | RerankChoice


def faults(value: AskSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with it, by field."""
    for part in ("embeddings", "model", "rerank"):
        chosen: Choice = getattr(value, part)
        for field, fault in _of_one(chosen):
            yield f"{part}.{field}", fault


def _of_one(chosen: Choice) -> Iterator[tuple[str, str]]:
    version = "" if isinstance(chosen, RerankChoice) else chosen.api_version
    if not version.isprintable():
        yield "api_version", "holds characters that no version has"
    if chosen.provider in _NOBODY:
        # Whoever gives an address means it to be asked.
        if chosen.model or chosen.base_url:
            yield "provider", f"a model or an address is given, and the provider is {chosen.provider}"
        return
    if not chosen.model.strip() or not chosen.model.isprintable():
        yield "model", f"{chosen.provider} wants the name of a model"
    yield from _address(chosen)
    if chosen.provider == "azure" and not version.strip():
        yield "api_version", "Azure wants the version of its interface, such as 2024-10-21"
    if isinstance(chosen, EmbeddingChoice) and chosen.dimension is None:
        yield "dimension", "say how many numbers a vector of this model has"


def _address(chosen: Choice) -> Iterator[tuple[str, str]]:
    if not chosen.base_url:
        if chosen.provider not in _AT_HOME:
            yield "base_url", f"{chosen.provider} has no address of its own; give the base URL"
        return
    try:
        base_address(chosen.base_url)
    except InvalidInput as error:
        # Here nothing allows it, whatever connections have.
        yield "base_url", error.message.partition("; set allow_link_local")[0]
