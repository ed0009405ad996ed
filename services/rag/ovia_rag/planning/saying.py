"""Assumptions, in the language of the question."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ovia_rag.planning.lexicon import read_file
from ovia_rag.planning.text import Word
from ovia_shared.models.ask import Language
from ovia_shared.models.kpi import Window


class Sayings:
    """What is assumed, each once, in the order in which it was."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language, self.zone = language, zone
        self._said: dict[str, None] = {}

    def say(self, name: str, *, text: str = "", label: str = "", window: Window | None = None) -> None:
        """One of the sentences of `sayings.toml`; the bounds of a window are told as they are on a calendar."""
        sentence: str = read_file("sayings")[name][self.language]
        start, end = (self._told(window.start), self._told(window.end)) if window else ("", "")
        self._said[sentence.format(text=text, label=label, start=start, end=end)] = None

    @property
    def said(self) -> list[str]:
        """All of it."""
        return list(self._said)

    def _told(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def language_of(words: list[Word], names: frozenset[int]) -> Language:
    """Russian if a word that is no name is: questions in Russian have English terms in them, never the other way."""
    russian = any(word.cyrillic for number, word in enumerate(words) if number not in names)
    only_names = len(names) >= len(words) and any(word.cyrillic for word in words)
    return Language.RUSSIAN if russian or only_names else Language.ENGLISH
