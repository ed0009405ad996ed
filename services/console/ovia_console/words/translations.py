"""The words of the pages: English in the sources, the others in `locale/<language>/*.po`, one file for each feature."""

import functools
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import mofile, pofile
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parents[1] / "locale"
DEFAULT = "en"
# By the name each calls itself.
LANGUAGES = {"en": "English", "ru": "Русский"}


@functools.cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language, read from its files; sentences it does not have stay English.

    Raises `ValueError` if two files translate one sentence differently.
    """
    if language == DEFAULT:
        return NullTranslations()
    whole: Translations | None = None
    for own in _catalogues(language):
        if whole is None:
            whole = own
            continue
        both = {key for key, text in own._catalog.items() if key and whole._catalog.get(key, text) != text}  # noqa: SLF001
        if both:
            raise ValueError(f"two translations into {language} of {sorted(map(str, both))[:3]}")
        whole.add(own)
    assert whole is not None, f"there are no translations into {language}"
    return whole


def _catalogues(language: str) -> Iterator[Translations]:
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as text:
            catalogue = pofile.read_po(text, locale=language, abort_invalid=True)
        compiled = BytesIO()
        mofile.write_mo(compiled, catalogue)
        compiled.seek(0)
        yield Translations(fp=compiled)


def of_browser(accepted: str) -> str:
    """The language a browser likes best of those there are, by its `Accept-Language`."""
    liked: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        liked.append((weight, name.split("-")[0].lower()))
    known = [one for one in sorted(liked, key=lambda pair: -pair[0]) if one[1] in LANGUAGES]
    return known[0][1] if known else DEFAULT
