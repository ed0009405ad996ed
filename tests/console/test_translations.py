"""Whoever reads Russian is never shown an English sentence."""

import re
from collections.abc import Sequence

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

from ovia_console.pages.rendering import HOME
from ovia_console.words.translations import LANGUAGES, LOCALES, of_browser, translations
from tests.console.extracting import messages

OTHERS = [language for language in LANGUAGES if language != "en"]
# What both languages write alike, or what is no sentence.
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def entries(language: str) -> list[tuple[str, Message]]:
    found = []
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as text:
            catalogue: Catalog = pofile.read_po(text, locale=language)
        found += [(path.name, message) for message in catalogue if message.id]
    return found


def forms_of(text: str | Sequence[str] | None) -> list[str]:
    """One, or one for each plural."""
    return [text or ""] if isinstance(text, str | None) else list(text)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    known = {message.id[0] if isinstance(message.id, tuple) else message.id for _, message in entries(language)}
    missing = [f"{where}: {forms[0]!r}" for where, forms in messages() if forms and forms[0] not in known]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_empty_or_marked_doubtful(language: str) -> None:
    bad = [
        f"{name}: {message.id!r}"
        for name, message in entries(language)
        if message.fuzzy or not all(message.string if isinstance(message.string, tuple) else [message.string])
    ]
    assert not bad


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_holds_a_sentence_nobody_uses(language: str) -> None:
    used = {forms[0] for _, forms in messages() if forms}
    idle = [
        f"{name}: {message.id!r}"
        for name, message in entries(language)
        if (message.id[0] if isinstance(message.id, tuple) else message.id) not in used
    ]
    assert not idle


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_sentence(language: str) -> None:
    for name, message in entries(language):
        wanted = set(_PLACEHOLDER.findall(forms_of(message.id)[-1]))
        for text in forms_of(message.string):
            assert set(_PLACEHOLDER.findall(text)) == wanted, (name, message.id)


@pytest.mark.parametrize("language", OTHERS)
def test_the_files_of_a_language_agree(language: str) -> None:
    assert translations(language).gettext("Sign in") != "Sign in"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,en;q=0.5", "en"),
        ("", "en"),
        ("en;q=0.1,ru;q=0.2", "ru"),
        (";;q=x", "en"),
    ],
)
def test_a_browser_is_answered_in_the_language_it_likes_best(accepted: str, language: str) -> None:
    assert of_browser(accepted) == language


def test_only_literals_are_taken_for_markup() -> None:
    chosen = re.compile(r"(?<![a-z_.])(_|gettext)\((?![\"'])")
    found = [path.name for path in HOME.rglob("*.html") if chosen.search(path.read_text())]
    assert not found, "use translated(…): what `_` is given is not escaped"
