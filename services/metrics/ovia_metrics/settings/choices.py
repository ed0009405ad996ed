"""What may be chosen: the settings there are, and whether a choice makes sense."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec

from ovia_metrics.settings import ask_choices
from ovia_shared.database import setting_versions
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.ask_settings import AskSettings
from ovia_shared.models.fact_settings import Classification, Production, Workflow
from ovia_shared.models.kpi_settings import HealthWeights, Privacy, RiskWeights, Staleness
from ovia_shared.models.setting import SettingName

KINDS: dict[SettingName, type[msgspec.Struct]] = {
    SettingName.CLASSIFICATION: Classification,
    SettingName.WORKFLOW: Workflow,
    SettingName.PRODUCTION: Production,
    SettingName.STALENESS: Staleness,
    SettingName.HEALTH_WEIGHTS: HealthWeights,
    SettingName.RISK_WEIGHTS: RiskWeights,
    SettingName.PRIVACY: Privacy,
    SettingName.ASK: AskSettings,
}
MEANINGS: dict[SettingName, str] = {
    SettingName.CLASSIFICATION: "Which types and labels make work a bug or a feature. The rest is chore.",
    SettingName.WORKFLOW: "What statuses mean, by project, in which an item waits, and which links hold it up.",
    SettingName.PRODUCTION: "Which deployments reach users, and what is an incident or its fix.",
    SettingName.STALENESS: "After how many days without activity an open merge request is stale.",
    SettingName.HEALTH_WEIGHTS: "How much each part of delivery health counts.",
    SettingName.RISK_WEIGHTS: "How much each part of release risk counts.",
    SettingName.PRIVACY: "Of groups of fewer people nothing is told that tells one from another.",
    SettingName.ASK: "Who makes vectors and texts for answers to questions, and how much that may cost.",
}
# As they are given: what is not known is refused, rather than lost.
_GIVEN = {
    name: msgspec.defstruct(f"Given{kind.__name__}", [], bases=(kind,), frozen=True, forbid_unknown_fields=True)
    for name, kind in KINDS.items()
}
CATEGORIES = ("todo", "in_progress", "done")
MOST_WORDS, MOST_PROJECTS, LONGEST_NAME, LONGEST_PATTERN = 200, 1000, 200, 200
_PATTERNS = ("environments", "release_tags", "release_branches", "fix_branches")
# Going back to what was matched takes time without bound; looking around, and another flavour, nobody needs here.
_REFUSED = (
    (re.compile(r"\\[1-9]"), "back references are not taken: they may take for ever"),
    (re.compile(r"\(\?"), "groups that begin with (? are not taken"),
    (re.compile(r"^\*\*\*"), "*** is not taken"),
)
_PATH = re.compile(r" - at `(?:key in )?`?\$?\.?(.*?)`$")


def read(name: SettingName, given: Mapping[str, Any]) -> msgspec.Struct:
    """The choice, completed by defaults. Raises `InvalidInput` for what no organisation can choose."""
    try:
        value = msgspec.convert(dict(given), _GIVEN[name])
    except msgspec.ValidationError as error:
        text = str(error)
        path = _PATH.search(text)
        message = (text[: path.start()] if path else text).replace("`", "")
        raise InvalidInput(message, field=path[1] if path and path[1] else "value") from None
    chosen = msgspec.convert(msgspec.to_builtins(value), KINDS[name])
    faults = list(_faults(chosen))
    if faults:
        raise InvalidInput(f"{faults[0][0]}: {faults[0][1]}", faults=faults)
    return chosen


async def check(conn: Connection, org_id: UUID, value: msgspec.Struct) -> None:
    """Raises `InvalidInput` for what this organisation cannot choose: unknown projects, patterns that do not work."""
    faults: list[tuple[str, str]] = []
    if isinstance(value, Workflow):
        named = [key for key in value.categories if key != "*"]
        unknown = await setting_versions.unknown_projects(conn, org_id, named)
        faults += [(f"categories.{key}", "no project has this key; GET /team/projects lists them") for key in unknown]
    if isinstance(value, Production):
        for field, pattern in _patterns(value):
            wrong = await setting_versions.try_pattern(conn, pattern)
            if wrong is not None:
                faults.append((field, f"this is no regular expression that can be used: {wrong}"))
    if faults:
        raise InvalidInput(f"{faults[0][0]}: {faults[0][1]}", faults=faults)


def _faults(value: msgspec.Struct) -> Iterator[tuple[str, str]]:
    if isinstance(value, HealthWeights | RiskWeights) and not any(msgspec.structs.astuple(value)):
        yield "value", "every weight is 0: something has to count"
    if isinstance(value, Workflow):
        yield from _categories(value.categories)
    if isinstance(value, Production):
        yield from _pattern_faults(value)
    if isinstance(value, AskSettings):
        yield from ask_choices.faults(value)
    for field, words in msgspec.structs.asdict(value).items():
        if isinstance(words, tuple) and field not in _PATTERNS:
            if len(words) > MOST_WORDS:
                yield field, f"these are {len(words)} words; {MOST_WORDS} is the most"
            yield from ((f"{field}[{place}]", fault) for place, word in enumerate(words) if (fault := _name(word)))


def _categories(given: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    if len(given) > MOST_PROJECTS:
        yield "categories", f"these are {len(given)} projects; {MOST_PROJECTS} is the most"
    for project, statuses in given.items():
        if (fault := _name(project)) is not None:
            yield "categories", f"the key of a project {fault}"
            continue
        if len(statuses) > MOST_WORDS:
            yield f"categories.{project}", f"these are {len(statuses)} statuses; {MOST_WORDS} is the most"
        for status, category in statuses.items():
            if (fault := _name(status)) is not None:
                yield f"categories.{project}", f"the name of a status {fault}"
            elif category not in CATEGORIES:
                yield f"categories.{project}.{status}", f"a category is one of {', '.join(CATEGORIES)}"


def _name(word: str) -> str | None:
    if not word.strip():
        return "must not be empty"
    if len(word) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return "holds characters that are no text" if "\0" in word else None


def _patterns(value: Production) -> Iterator[tuple[str, str]]:
    for place, pattern in enumerate(value.environments):
        yield f"environments[{place}]", pattern
    yield "release_tags", value.release_tags
    yield "release_branches", value.release_branches
    yield "fix_branches", value.fix_branches


def _pattern_faults(value: Production) -> Iterator[tuple[str, str]]:
    if len(value.environments) > 20:
        yield "environments", f"these are {len(value.environments)} patterns; 20 is the most"
    for field, pattern in _patterns(value):
        if (fault := _name(pattern)) is not None:
            yield field, fault
        for refused, why in _REFUSED:
            if refused.search(pattern):
                yield field, why
