"""Templates, and what every one of them may use."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from markupsafe import Markup

from ovia_console.assets.serving import Assets
from ovia_console.pages.formats import Formats
from ovia_console.pages.links import web_address
from ovia_console.pages.navigation import entries
from ovia_console.session.keeping import word_of
from ovia_console.session.reader import THEMES, Reader, Taste, taste_of
from ovia_console.words.translations import LANGUAGES, translations

HOME = Path(__file__).parents[1]
# A feature keeps its templates beside its code: `people/templates/people/list.html`.
_FOLDERS = [HOME / "templates", *sorted(HOME.glob("*/templates"))]


class Templates:
    """All templates, in all languages. What is put into one is escaped unless it is `Markup`."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environments = {language: self._environment(language) for language in LANGUAGES}
        self._formats: dict[tuple[str, str], Formats] = {}

    def render(
        self, template: str, request: Request[Any, Any, Any], reader: Reader | None, values: Mapping[str, Any]
    ) -> str:
        """The text of a template for a reader, or for somebody who is not signed in."""
        taste = taste_of(request) if reader is None else reader.taste
        environment = self._environments[taste.language]
        return environment.get_template(template).render(
            reader=reader,
            csrf=word_of(request),
            taste=taste,
            show=self._formats_of(taste),
            path=request.url.path,
            query=dict(request.query_params),
            address=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            request_id=str(request.scope.get("state", {}).get("request_id", "")),
            navigation=[] if reader is None else entries(reader, request.url.path),
            now=datetime.now(UTC),
            **values,
        )

    def gettext(self, language: str, text: str, **values: Any) -> str:
        """A sentence in a language, with its values."""
        found: str = translations(language).gettext(text)
        return found % values if values else found

    def _formats_of(self, taste: Taste) -> Formats:
        key = (taste.language, taste.timezone)
        if key not in self._formats:
            self._formats[key] = Formats(taste)
        return self._formats[key]

    def _environment(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(_FOLDERS),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {
            "asset": self._assets.path,
            "languages": LANGUAGES,
            "themes": THEMES,
            "web_address": web_address,
            "with_query": with_query,
            # For a sentence that is chosen in code: `_` takes what it is given for markup, and is for literals only.
            "translated": translations(language).gettext,
        }
        environment.filters["highlighted"] = highlighted
        return environment


def with_query(address: str, query: Mapping[str, Any], **changed: Any) -> str:
    """An address with parameters, of which some are changed or, with None, left out; `from_` stands for `from`."""
    wanted = {**query, **{name.rstrip("_"): value for name, value in changed.items()}}
    kept = {name: value for name, value in wanted.items() if value not in (None, "")}
    return address + ("?" + urlencode(kept) if kept else "")


def highlighted(text: str, wanted: str) -> Markup:
    """A text with what was searched for marked in it."""
    place = text.casefold().find(wanted.casefold()) if wanted else -1
    if place < 0 or len(text.casefold()) != len(text):
        return Markup("%s") % text
    end = place + len(wanted)
    return Markup("%s<mark>%s</mark>%s") % (text[:place], text[place:end], text[end:])
