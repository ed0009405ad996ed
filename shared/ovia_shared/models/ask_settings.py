"""Whom an organisation lets make vectors of its texts and write for it, and how much that may cost.

Keys are never among it: whoever runs the installation gives them, see `config.providers`.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from ovia_shared.models.token import Role

# Those that there is an approximate index for.
Dimension = Literal[256, 384, 512, 768, 1024, 1536, 3072]
ModelName = Annotated[str, msgspec.Meta(max_length=200)]
Address = Annotated[str, msgspec.Meta(max_length=1000)]
Price = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
Patience = Annotated[float, msgspec.Meta(ge=1, le=300)]


class EmbeddingProvider(StrEnum):
    """Who makes vectors. `embedded` comes with Ovia; `openai` is everything that has OpenAI's `/v1/embeddings`."""

    EMBEDDED = "embedded"
    OPENAI = "openai"
    AZURE = "azure"


class ModelProvider(StrEnum):
    """Who writes. `openai` is everything that has OpenAI's `/v1/chat/completions`."""

    NONE = "none"
    OPENAI = "openai"
    AZURE = "azure"
    ANTHROPIC = "anthropic"


class RerankProvider(StrEnum):
    """Who puts passages in order again. `rerank` is everything that has the `/rerank` of Cohere: Jina, vLLM.

    `tei` is text-embeddings-inference, which has another.
    """

    NONE = "none"
    RERANK = "rerank"
    TEI = "tei"


class RestrictedTexts(StrEnum):
    """The least role that sees texts which their source shows to some people only."""

    NOBODY = "nobody"
    ADMIN = "admin"
    MANAGER = "manager"
    ANALYST = "analyst"
    VIEWER = "viewer"

    def are_seen_by(self, role: Role) -> bool:
        """Whether a token of this role sees them."""
        return self is not RestrictedTexts.NOBODY and role.reaches(Role(self))


class EmbeddingChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who makes vectors. `price` is in the currency of the budget, for a million tokens.

    An empty `base_url` is OpenAI's own. `dimension` is how many numbers a vector of the model has. `api_version` is
    Azure's.
    """

    provider: EmbeddingProvider = EmbeddingProvider.EMBEDDED
    model: ModelName = ""
    base_url: Address = ""
    api_version: ModelName = ""
    dimension: Dimension | None = None
    price: Price = 0.0
    timeout_seconds: Patience = 30.0


class ModelChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who writes. `prompt_price` and `completion_price` as `price` of embeddings; all tries take `timeout_seconds`."""

    provider: ModelProvider = ModelProvider.NONE
    model: ModelName = ""
    base_url: Address = ""
    api_version: ModelName = ""
    prompt_price: Price = 0.0
    completion_price: Price = 0.0
    timeout_seconds: Patience = 30.0


class RerankChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who puts passages in order again."""

    provider: RerankProvider = RerankProvider.NONE
    model: ModelName = ""
    base_url: Address = ""
    price: Price = 0.0
    timeout_seconds: Patience = 10.0


class AskSettings(msgspec.Struct, frozen=True):
    """Without anything chosen: what comes with Ovia, and nothing leaves the installation.

    The budgets are for one day of UTC and count all providers together; none: no bound. `cost_per_day` is in whichever
    currency the prices are given. `restricted_texts`: who sees what its source shows to some people only.
    """

    embeddings: EmbeddingChoice = EmbeddingChoice()
    model: ModelChoice = ModelChoice()
    rerank: RerankChoice = RerankChoice()
    tokens_per_day: Annotated[int, msgspec.Meta(ge=0, le=10**12)] | None = None
    cost_per_day: Annotated[float, msgspec.Meta(ge=0, le=10**9)] | None = None
    restricted_texts: RestrictedTexts = RestrictedTexts.NOBODY


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What providers were used for on one day."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens
