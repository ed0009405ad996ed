"""How many tokens a text is, about: for budgets, and for servers that do not count."""

import math
from collections.abc import Sequence

from ovia_rag.providers.chat import Message

# English text has about four bytes to a token, Russian three to four, code and other scripts fewer: estimated on the
# dear side, because a budget is asked for beforehand.
_BYTES_A_TOKEN = 3
_A_MESSAGE = 8


def estimate(said: str | Sequence[Message]) -> int:
    """Rather too many than too few."""
    if isinstance(said, str):
        return math.ceil(len(said.encode(errors="surrogatepass")) / _BYTES_A_TOKEN)
    return sum(_A_MESSAGE + estimate(one.content) for one in said)
