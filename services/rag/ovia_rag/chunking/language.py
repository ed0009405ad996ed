"""By which rules the words of a text are stemmed."""

import functools
import re
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from ovia_shared.models.ask_index import Config

# Where a text is long, its beginning says enough.
_LOOKED_AT = 2000
# Short texts and code look like any language: what is not surely another is taken for English, as most of it is.
_FEWEST_LETTERS = 20
_SURE = 0.9
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LETTERS = re.compile(r"[^\W\d_]")


def prepare() -> None:
    """Reads what tells languages apart, which takes 0.7 s and room for 68 MB of temporary files. Raises `OSError`."""
    _detector()


def config_of(text: str, *, prose: Config) -> Config:
    """How a piece is stemmed: `russian` where it has any Cyrillic, which takes Latin words as English does.

    Otherwise like the `prose` it is a piece of: code or a name by itself tells no language.
    """
    if _CYRILLIC.search(text):
        return Config.RUSSIAN
    return Config.ENGLISH if prose is Config.RUSSIAN else prose


def prose_of(text: str) -> Config:
    """The language of a text as a whole; `simple`, which stems nothing, for one that is neither Russian nor English."""
    start = text[:_LOOKED_AT]
    letters = len(_LETTERS.findall(start))
    cyrillic = len(_CYRILLIC.findall(start))
    if cyrillic * 4 > letters:
        return Config.RUSSIAN
    if letters < _FEWEST_LETTERS:
        return Config.ENGLISH
    language, probability = _detector().classify(start)
    return Config.ENGLISH if language == "en" or probability < _SURE else Config.SIMPLE


@functools.cache
def _detector() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
