"""From what an organisation chose to who makes its vectors and writes for it."""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

import msgspec
from pydantic import SecretStr
from yarl import URL

from ovia_rag.providers import anthropic, openai
from ovia_rag.providers.anthropic import AnthropicChat
from ovia_rag.providers.calling import Caller, Target
from ovia_rag.providers.chat import ChatModel
from ovia_rag.providers.embedded import Embedded
from ovia_rag.providers.embedding import Embedder
from ovia_rag.providers.openai import OpenAIChat, OpenAIEmbedder, Route
from ovia_rag.providers.reranking import HttpReranker, Reranker, TeiReranker
from ovia_rag.providers.spending import PaidChat, PaidEmbedder, PaidReranker, Purse
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.database.pool import Database
from ovia_shared.models.ask_settings import (
    AskSettings,
    EmbeddingProvider,
    ModelChoice,
    ModelProvider,
    RerankProvider,
)
from ovia_shared.source_client.addresses import base_address, origin
from ovia_shared.source_client.tempo import Tempo

TITLES = {
    "openai": "the OpenAI-compatible server",
    "azure": "Azure",
    "anthropic": "Anthropic",
    "rerank": "the reranker",
}
MOST_CALLERS = 200

Setting = TypeVar("Setting")


class _Wanted(msgspec.Struct, frozen=True):
    """Who is asked for what. Organisations that chose the same share its connections and its breaker."""

    purpose: str
    provider: str
    base_url: str
    patience: float


class Providers:
    """All providers of one process. Used as an async context manager, or closed by `close`.

    `spending` is a pool of its own, of two connections or so: it is waited for while others are held.
    """

    def __init__(self, keys: ProviderKeys, spending: Database, *, tempo: Tempo = Tempo()) -> None:  # noqa: B008 (frozen)
        self._keys = keys
        self._spending = spending
        self._tempo = tempo
        self._embedded = Embedded()
        self._callers: dict[_Wanted, Caller] = {}

    def embedder(self, org_id: UUID, settings: AskSettings) -> Embedder:
        """Who makes vectors for this organisation. Raises `InvalidInput` for an address that cannot be asked."""
        chosen = settings.embeddings
        if chosen.provider is EmbeddingProvider.EMBEDDED:
            return self._embedded
        caller = self._caller("embeddings", chosen.provider, chosen.base_url, chosen.timeout_seconds)
        route = _route(chosen.provider, chosen.base_url, chosen.model, chosen.api_version)
        # A choice without a dimension is refused when it is made.
        inner = OpenAIEmbedder(caller, route, model=chosen.model, dimension=chosen.dimension or 0)
        return PaidEmbedder(inner, self._purse(org_id, settings, chosen.price))

    def chat_model(self, org_id: UUID, settings: AskSettings) -> ChatModel | None:
        """Who writes for this organisation, or None: answers are then put together by rules. Raises as `embedder`."""
        chosen = settings.model
        if chosen.provider is ModelProvider.NONE:
            return None
        purse = self._purse(org_id, settings, chosen.prompt_price, chosen.completion_price)
        return PaidChat(self._chat(chosen), purse)

    def reranker(self, org_id: UUID, settings: AskSettings) -> Reranker | None:
        """Who puts passages in order again, or None. Raises as `embedder`."""
        chosen = settings.rerank
        if chosen.provider is RerankProvider.NONE:
            return None
        # One key for all rerankers, whatever their interface.
        caller = self._caller("rerank", RerankProvider.RERANK, chosen.base_url, chosen.timeout_seconds)
        made = TeiReranker if chosen.provider is RerankProvider.TEI else HttpReranker
        return PaidReranker(made(caller, model=chosen.model), self._purse(org_id, settings, chosen.price))

    async def close(self) -> None:
        """Lets all connections go."""
        callers = list(self._callers.values())
        self._callers.clear()
        for caller in callers:
            await caller.close()

    async def __aenter__(self) -> "Providers":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _chat(self, chosen: ModelChoice) -> ChatModel:
        caller = self._caller("chat", chosen.provider, chosen.base_url, chosen.timeout_seconds)
        if chosen.provider is ModelProvider.ANTHROPIC:
            return AnthropicChat(caller, model=chosen.model)
        route = _route(chosen.provider, chosen.base_url, chosen.model, chosen.api_version)
        return OpenAIChat(caller, route, model=chosen.model)

    def _purse(self, org_id: UUID, settings: AskSettings, prompt: float, completion: float = 0.0) -> Purse:
        return Purse(
            database=self._spending, org_id=org_id, tokens_per_day=settings.tokens_per_day,
            cost_per_day=settings.cost_per_day, prompt_price=prompt, completion_price=completion,
        )  # fmt: skip

    def _caller(self, purpose: str, provider: str, base_url: str, patience: float) -> Caller:
        wanted = _Wanted(purpose, str(provider), base_url or _OWN_ADDRESSES.get(provider, ""), patience)
        found = self._callers.get(wanted)
        if found is None:
            target = Target(
                title=TITLES[wanted.provider], base_url=wanted.base_url,
                headers=headers(self._keys, wanted.provider, wanted.base_url), patience=patience,
            )  # fmt: skip
            found = Caller(target, tempo=self._tempo)
            while len(self._callers) >= MOST_CALLERS:
                # Addresses that were tried and changed again. Whoever still holds it can go on with it.
                del self._callers[next(iter(self._callers))]
            self._callers[wanted] = found
        return found


_OWN_ADDRESSES: Mapping[str, str] = {"openai": openai.OWN_ADDRESS, "anthropic": anthropic.OWN_ADDRESS}


def _route(provider: str, base_url: str, model: str, api_version: str) -> Route:
    if provider == openai.AZURE:
        return openai.azure(model, api_version)
    own = not base_url or URL(base_url).host == URL(openai.OWN_ADDRESS).host
    return Route(current=own, shortens=own and model.startswith("text-embedding-3"))


def headers(keys: ProviderKeys, provider: str, base_url: str) -> dict[str, str]:
    """What says who asks; without a key where none was given for this address. Raises `InvalidInput`."""
    key: SecretStr | None = getattr(keys, f"{provider}_api_key")
    origins: tuple[str, ...] = getattr(keys, f"{provider}_key_origins")
    versions = {"anthropic-version": anthropic.VERSION} if provider == anthropic.NAME else {}
    there = origin(base_address(base_url))
    if key is None or there not in {origin(URL(one)) for one in origins}:
        return versions
    match provider:
        case anthropic.NAME:
            return versions | {"x-api-key": key.get_secret_value()}
        case openai.AZURE:
            return {"api-key": key.get_secret_value()}
    return {"Authorization": f"Bearer {key.get_secret_value()}"}
