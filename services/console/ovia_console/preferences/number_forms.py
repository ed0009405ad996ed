"""The forms of the settings about numbers and answers: which fields each has, and what was typed into them."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from ovia_console.preferences.typed import lines, number
from ovia_console.services import FieldFault

CATEGORIES = "categories"


def _(text: str) -> str:
    """Marks a sentence for the catalogues; it is translated where it is shown."""
    return text


class Control(NamedTuple):
    """One field. `path` leads to it inside the value, with points; `kind` says what is typed."""

    path: str
    label: str
    kind: Literal["words", "text", "number", "maybe", "choice", "statuses"] = "text"
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()


class Described(NamedTuple):
    """A setting in words, and its fields. `facts`: choosing it has facts derived anew."""

    title: str
    meaning: str
    controls: tuple[Control, ...]
    facts: bool = False


_LINES = _("One a line. Upper and lower case are the same.")
_PATTERN = _("A regular expression, looked for anywhere in the name.")
_WEIGHT = _("0 leaves it out.")
_PRICE = _("For a million tokens, in the currency of the budget.")
_MODEL = _("Its name at the provider.")
_ADDRESS = _("Empty: the provider's own, where it has one.")
_PATIENCE = _("Seconds to wait")
_AZURE = _("Of Azure only, such as 2024-10-21.")

_ASK = (
    Control("embeddings.provider", _("Who makes vectors"), "choice",
            options=(("embedded", _("What comes with Ovia")), ("openai", "OpenAI"), ("azure", "Azure"))),
    Control("embeddings.model", _("Model for vectors"), hint=_MODEL),
    Control("embeddings.base_url", _("Address for vectors"), hint=_ADDRESS),
    Control("embeddings.api_version", _("Version of the interface for vectors"), hint=_AZURE),
    Control("embeddings.dimension", _("Numbers in a vector"), "choice",
            options=(("", "–"), *((str(size), str(size)) for size in (256, 384, 512, 768, 1024, 1536, 3072)))),
    Control("embeddings.price", _("Price of vectors"), "number", hint=_PRICE),
    Control("embeddings.timeout_seconds", _PATIENCE, "number"),
    Control("model.provider", _("Who writes answers"), "choice",
            options=(("none", _("Nobody: answers are put together of what was found")), ("openai", "OpenAI"),
                     ("azure", "Azure"), ("anthropic", "Anthropic"))),
    Control("model.model", _("Model for answers"), hint=_MODEL),
    Control("model.base_url", _("Address for answers"), hint=_ADDRESS),
    Control("model.api_version", _("Version of the interface for answers"), hint=_AZURE),
    Control("model.prompt_price", _("Price of what is read"), "number", hint=_PRICE),
    Control("model.completion_price", _("Price of what is written"), "number", hint=_PRICE),
    Control("model.timeout_seconds", _PATIENCE, "number"),
    Control("rerank.provider", _("Who puts passages in order again"), "choice",
            options=(("none", _("Nobody")), ("rerank", _("A service with /rerank, as Cohere's")))),
    Control("rerank.model", _("Model for the order"), hint=_MODEL),
    Control("rerank.base_url", _("Address for the order"), hint=_ADDRESS),
    Control("rerank.price", _("Price of the order"), "number", hint=_PRICE),
    Control("rerank.timeout_seconds", _PATIENCE, "number"),
    Control("tokens_per_day", _("Tokens a day at most"), "maybe", _("All providers together; empty: no bound.")),
    Control("cost_per_day", _("Cost of a day at most"), "maybe", _("In the currency of the prices; empty: no bound.")),
)  # fmt: skip

SETTINGS: dict[str, Described] = {
    "classification": Described(
        _("Bugs and features"),
        _("Which types and labels make work a bug or a feature. Types count first, then labels; the rest is chore."),
        (
            Control("bug_types", _("Types that are bugs"), "words", _LINES),
            Control("feature_types", _("Types that are features"), "words", _LINES),
            Control("bug_labels", _("Labels of bugs"), "words", _LINES),
            Control("feature_labels", _("Labels of features"), "words", _LINES),
        ),
        facts=True,
    ),
    "workflow": Described(
        _("Workflow"),
        _("What statuses mean where the source does not say or says otherwise, in which an item waits, and which "
          "links hold it up."),
        (
            Control(CATEGORIES, _("What statuses mean"), "statuses"),
            Control("blocked", _("Statuses in which an item waits"), "words", _LINES),
            Control("blocking_links", _("Links that hold an item up"), "words", _LINES),
        ),
        facts=True,
    ),
    "production": Described(
        _("Production and incidents"),
        _("Which deployments reach users, and what is an incident or its fix."),
        (
            Control("environments", _("Environments that are production"), "words",
                    _("One regular expression a line, for names whose source gives no tier.")),
            Control("release_tags", _("Tags that are releases"), hint=_PATTERN),
            Control("release_branches", _("Branches of releases"), hint=_PATTERN),
            Control("fix_branches", _("Branches of fixes"), hint=_PATTERN),
            Control("incident_types", _("Types that are incidents"), "words", _LINES),
            Control("incident_labels", _("Labels of incidents"), "words", _LINES),
            Control("fix_labels", _("Labels of fixes"), "words", _LINES),
        ),
        facts=True,
    ),
    "staleness": Described(
        _("Stale merge requests"),
        _("After how many days without activity an open merge request is stale."),
        (Control("days", _("Days"), "number", _("From 1 to 365.")),),
    ),
    "health_weights": Described(
        _("Delivery health"),
        _("How much each part of delivery health counts."),
        (
            Control("completion", _("Planned work completed"), "number", _WEIGHT),
            Control("blocker_age", _("Age of blockers"), "number", _WEIGHT),
            Control("first_response", _("First response to merge requests"), "number", _WEIGHT),
            Control("pipeline_success", _("Pipelines that pass"), "number", _WEIGHT),
            Control("spillover", _("Work carried over"), "number", _WEIGHT),
        ),
    ),
    "risk_weights": Described(
        _("Release risk"),
        _("How much each part of release risk counts."),
        (
            Control("blockers", _("Open blockers"), "number", _WEIGHT),
            Control("pipelines", _("Pipelines that fail"), "number", _WEIGHT),
            Control("stale", _("Merge requests that are stale"), "number", _WEIGHT),
        ),
    ),
    "privacy": Described(
        _("Privacy"),
        _("Of groups of fewer people nothing is told that tells one from another."),
        (Control("minimum_group", _("People in the smallest group"), "number", _("From 1 to 100.")),),
    ),
    "ask": Described(
        _("Who helps Ask"),
        _("Who makes vectors and writes for answers to questions, and what that may cost. Without a choice nothing "
          "leaves the installation. Keys are given by whoever runs it."),
        _ASK,
    ),
}  # fmt: skip


class StatusMeaning(NamedTuple):
    """What a status means in a project, by its key; `*` is any."""

    project: str
    status: str
    category: str


class Typed(msgspec.Struct):
    """A value put together of a form, and what in it is no number."""

    value: dict[str, Any]
    faults: list[FieldFault]


def texts_of(name: str, value: Mapping[str, Any]) -> dict[str, str]:
    """The value as the fields of its form show it, by path; without what statuses mean."""
    return {one.path: _text(one, _at(value, one.path)) for one in SETTINGS[name].controls if one.kind != "statuses"}


def meanings_of(value: Mapping[str, Any]) -> list[StatusMeaning]:
    """What statuses mean, one by one."""
    told: Mapping[str, Mapping[str, str]] = value.get(CATEGORIES, {})
    return [StatusMeaning(project, *one) for project, statuses in sorted(told.items()) for one in statuses.items()]


def read(name: str, form: Mapping[str, str], statuses: list[StatusMeaning]) -> Typed:
    """What was typed, as the service takes it."""
    typed = Typed({}, [])
    for one in SETTINGS[name].controls:
        if one.kind == "statuses":
            _put(typed.value, one.path, _by_project(statuses))
            continue
        text = form.get(one.path, "")
        if one.kind in ("number", "maybe") and number(text) is None and (text.strip() or one.kind == "number"):
            typed.faults.append(FieldFault(one.path, ""))
            continue
        _put(typed.value, one.path, _value(one, text))
    return typed


def _by_project(statuses: list[StatusMeaning]) -> dict[str, dict[str, str]]:
    whole: dict[str, dict[str, str]] = {}
    for one in statuses:
        if one.status.strip() and one.category:
            whole.setdefault(one.project.strip() or "*", {})[one.status.strip()] = one.category
    return whole


def _value(control: Control, text: str) -> Any:
    if control.kind == "words":
        return lines(text)
    if control.kind in ("number", "maybe"):
        return number(text)
    if control.path.endswith(".dimension"):
        return int(text) if text.isdigit() else None
    return text.strip()


def _text(control: Control, value: Any) -> str:
    if value is None:
        return ""
    if control.kind == "words":
        return "\n".join(value)
    return str(number(str(value))) if control.kind in ("number", "maybe") else str(value)


def _at(value: Mapping[str, Any], path: str) -> Any:
    found: Any = value
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _put(value: dict[str, Any], path: str, wanted: Any) -> None:
    *above, last = path.split(".")
    for part in above:
        value = value.setdefault(part, {})
    value[last] = wanted
