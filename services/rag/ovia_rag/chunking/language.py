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
# Written in Cyrillic. A text in it is in one of these, so that only they are weighed against each other.
_IN_CYRILLIC = frozenset(["ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg", "tt", "ba"])
# From so many Cyrillic letters on, languages are told apart well enough to believe it against the odds of Russian.
_FEWEST_CYRILLIC = 40
_RATHER = 0.5
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u04ff]+")
_LETTERS = re.compile(r"[^\W\d_]")
# No Russian word has such a letter, nor a hard sign without an iotated vowel behind it; other languages often do.
_NOT_RUSSIAN = re.compile(
    r"[\u0400\u0402-\u040f\u0450\u0452-\u04ff]|\u044a(?![\u0435\u0451\u044e\u044f])", re.IGNORECASE
)
# Letters of Russian that Ukrainian, Bulgarian, Serbian and Macedonian have not.
_RUSSIAN = re.compile(r"[\u044b\u044d\u0451]", re.IGNORECASE)


def prepare() -> None:
    """Reads what tells languages apart, which takes 0.7 s and room for 68 MB of temporary files. Raises `OSError`."""
    _detector()


def config_of(text: str, *, prose: Config) -> Config:
    """How a piece is stemmed.

    Where it has any Cyrillic: as `russian`, which takes Latin words as English does, or `simple` if it is in another
    language. Otherwise like the `prose` it is a piece of: code or a name by itself tells no language.
    """
    if _CYRILLIC.search(text):
        found = _of_cyrillic(text[:_LOOKED_AT])
        return found or (Config.SIMPLE if prose is Config.SIMPLE else Config.RUSSIAN)
    return Config.ENGLISH if prose is Config.RUSSIAN else prose


def prose_of(text: str) -> Config:
    """The language of a text as a whole; `simple`, which stems nothing, for one that is neither Russian nor English."""
    start = text[:_LOOKED_AT]
    letters = len(_LETTERS.findall(start))
    cyrillic = len(_CYRILLIC.findall(start))
    if cyrillic * 4 > letters:
        return _of_cyrillic(start) or Config.RUSSIAN
    if letters < _FEWEST_LETTERS:
        return Config.ENGLISH
    language, probability = _detector().classify(start)
    return Config.ENGLISH if language == "en" or probability < _SURE else Config.SIMPLE


def _of_cyrillic(text: str) -> Config | None:
    """What its Cyrillic words are in, by the detector or, if these are few, by their letters; None if neither tells."""
    words = " ".join(_CYRILLIC_WORD.findall(text))
    if len(words) >= _FEWEST_CYRILLIC:
        likely = {one: float(value) for one, value in _detector().rank(words) if one in _IN_CYRILLIC}
        language = max(likely, key=likely.__getitem__)
        if likely[language] >= _RATHER * sum(likely.values()):
            return Config.RUSSIAN if language == "ru" else Config.SIMPLE
    strange, own = len(_NOT_RUSSIAN.findall(words)), len(_RUSSIAN.findall(words))
    if strange * 3 > own:
        return Config.SIMPLE
    return Config.RUSSIAN if own else None


@functools.cache
def _detector() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
