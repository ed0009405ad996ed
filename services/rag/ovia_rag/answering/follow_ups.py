"""What one may ask next: questions that the planner understands, about what was just told."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

from ovia_rag.wording import kpis
from ovia_shared.models.ask import Intent, Language, MentionKind, Plan, Statement

MOST = 3
_QUESTIONS = {
    "why": ("Why did “{title}”{scope} change?", "Почему изменился показатель «{title}»{scope}?"),
    "by_team": ("“{title}”{scope} by team?", "«{title}»{scope} по командам?"),
    "before": (
        "“{title}”{scope} compared with the period before?", "«{title}»{scope} по сравнению с прошлым периодом?",
    ),
    "blockers": ("What is blocked{scope}?", "Что заблокировано{scope}?"),
    "stale": ("Which merge requests are stale{scope}?", "Какие мерж-реквесты застоялись{scope}?"),
    "health": ("What is the delivery health{scope}?", "Какое здоровье поставки{scope}?"),
    "works_on": ("What does {name} work on?", "Над чем работает {name}?"),
    "who_is": ("Who is {name}?", "Кто такой {name}?"),
    "knows": ("Who knows about {topic}?", "Кто знает про {topic}?"),
}  # fmt: skip
_SCOPES = frozenset(
    {MentionKind.TEAM, MentionKind.PRODUCT, MentionKind.PROJECT, MentionKind.SPRINT, MentionKind.RELEASE}
)


def follow_ups(plan: Plan, statements: list[Statement]) -> list[str]:
    """At most three. Nothing where nothing was answered: there what was looked at says more."""
    if not statements:
        return []
    return [_worded(plan, name, values) for name, values in _wanted(plan)][:MOST]


def asked_back(question: str, plan: Plan) -> list[str]:
    """The question once more for each thing that its words may stand for."""
    first = next((one for one in plan.ambiguities if one.candidates), None)
    if first is None:
        return []
    return list(dict.fromkeys(question.replace(first.text, one.label, 1) for one in first.candidates))


def _wanted(plan: Plan) -> list[tuple[str, dict[str, str]]]:
    match plan.intent:
        case Intent.METRIC:
            titles = [{"title": kpis.title(one.kpi, plan.language)} for one in plan.metrics[:1]]
            return [(name, values) for values in titles for name in ("why", "by_team", "before")]
        case Intent.WHY | Intent.STATUS:
            return [("blockers", {}), ("stale", {}), ("health", {})]
        case Intent.LIST:
            return [("health", {}), ("blockers", {}), ("stale", {})]
        case Intent.PERSON:
            names = [one.meant.label for one in plan.mentions if one.meant.kind is MentionKind.PERSON]
            return [(one, {"name": names[0]}) for one in ("works_on", "who_is")] if names else [("blockers", {})]
        case Intent.KNOWLEDGE:
            topic = plan.search.text.strip(" ?.!") if plan.search is not None else ""
            return [("knows", {"topic": topic})] if 0 < len(topic) <= 80 else []


def _worded(plan: Plan, name: str, values: dict[str, str]) -> str:
    russian = plan.language is Language.RUSSIAN
    scope = next((one.meant.label for one in plan.mentions if one.meant.kind in _SCOPES), None)
    told = "" if scope is None else f", {scope}" if russian else f" of {scope}"
    return _QUESTIONS[name][russian].format(**{"scope": told, **values})
