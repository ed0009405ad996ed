"""Every sentence of the console, as its templates and its code hold it."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

from ovia_console.pages.rendering import HOME

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.do", "newstyle_gettext": "true"}

Message = tuple[str, tuple[str, ...]]


def messages() -> Iterator[Message]:
    """Where each sentence is, and the sentence: with a plural, both forms."""
    for path in sorted(HOME.rglob("*.html")):
        yield from _of(path, "jinja2.ext:babel_extract", _JINJA)
    for path in sorted(HOME.rglob("*.py")):
        yield from _of(path, "python", {})


def _of(path: Path, method: str, options: dict[str, str]) -> Iterator[Message]:
    with path.open("rb") as text:
        for line, found, _, _ in extract(method, text, keywords=KEYWORDS, options=options):
            forms = found if isinstance(found, tuple) else (found,)
            yield f"{path.relative_to(HOME)}:{line}", tuple(form for form in forms if form)
