"""The questions, as data: each says what it expects by reference to the sample's known answers."""

import tomllib
from pathlib import Path

import msgspec

from ovia_shared.models.ask import ListKind, PersonQuestion

FILE = Path(__file__).with_name("questions.toml")


class MetricQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Expects the known answer of a KPI: `scope` is a kind and an id (`team t-01`), or nothing for all of it.

    `window` is one of the sample's: `whole`, or a month.
    """

    ask: str
    kpi: str
    window: str
    scope: str = ""


class ListQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Expects the rows of a list; `window` is needed where it is not of what is open at the end."""

    ask: str
    list: ListKind
    scope: str = ""
    window: str = "whole"


class PersonQuestionAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Expects statements that hold all of `says`."""

    ask: str
    question: PersonQuestion
    says: list[str]


class KnowledgeQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Expects, among the first three citations, one whose title holds one of these."""

    ask: str
    titles: list[str]


class RefusedQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing in the sample answers it."""

    ask: str


class Questions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them."""

    metric: tuple[MetricQuestion, ...]
    list: tuple[ListQuestion, ...]
    person: tuple[PersonQuestionAsked, ...]
    knowledge: tuple[KnowledgeQuestion, ...]
    refused: tuple[RefusedQuestion, ...]

    @property
    def count(self) -> int:
        """How many."""
        return sum(len(getattr(self, name)) for name in self.__struct_fields__)


def read() -> Questions:
    """Those of the file."""
    return msgspec.convert(tomllib.loads(FILE.read_text()), Questions)
