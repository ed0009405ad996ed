"""How many texts are asked about at once."""

from collections.abc import Iterator, Sequence

# Servers take some thousand tokens a text and some hundred thousand a request; a chunk is far below that. More texts
# than these text-embeddings-inference takes only if it is told to.
MOST_TEXTS, MOST_CHARACTERS, LONGEST_TEXT = 32, 100_000, 20_000


def batches(texts: Sequence[str], most: int = MOST_TEXTS) -> Iterator[int]:
    """How many texts go into each request, one after another."""
    count = size = 0
    for text in texts:
        length = min(len(text), LONGEST_TEXT)
        if count and (count >= most or size + length > MOST_CHARACTERS):
            yield count
            count = size = 0
        count += 1
        size += length
    if count:
        yield count
