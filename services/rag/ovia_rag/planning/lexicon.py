"""What is known of the words of the field: the files beside this one, read once."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from ovia_rag.planning.phrases import Concepts, Phrase, read_phrases
from ovia_rag.planning.text import forms, lowered


class Lexicon(msgspec.Struct, frozen=True):
    """Phrases for KPIs, lists and kinds of answers. `words` are all that are in them: none is a name by itself.

    `small` words may stand between those of a phrase.
    """

    concepts: Concepts
    small: frozenset[str]
    kpis: tuple[Phrase, ...]
    lists: tuple[Phrase, ...]
    cues: tuple[Phrase, ...]
    words: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """As it is in the files."""
    raw = {name: read_file(name) for name in ("concepts", "kpis", "lists", "cues")}
    concepts = Concepts(raw["concepts"])
    texts = [text for one in raw.values() for group in one.values() for text in group]
    small = frozenset(form for word in read_file("small")["words"] for form in forms(word))
    known = {form for text in texts for word in text.replace("|", " ").split() for form in forms(word)}
    return Lexicon(
        concepts=concepts,
        small=small,
        kpis=tuple(read_phrases(raw["kpis"], concepts)),
        lists=tuple(read_phrases(raw["lists"], concepts)),
        cues=tuple(read_phrases(raw["cues"], concepts)),
        words=frozenset(lowered(word) for word in known) | small,
    )


@cache
def read_file(name: str) -> dict[str, Any]:
    """A file of words by its name."""
    return tomllib.loads((resources.files("ovia_rag.planning") / "words" / f"{name}.toml").read_text("utf-8"))
