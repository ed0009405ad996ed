"""What answers took of providers."""

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked of a provider for it.

    `cost` is in the currency of the organisation's prices. What `failed` counts as it may have been charged.
    """

    provider: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    failed: bool = False
