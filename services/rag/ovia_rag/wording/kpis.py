"""What KPIs and their values are called."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.ask import Language

_RUSSIAN = {
    "delivery_health": "Здоровье поставки",
    "release_risk": "Риск релиза",
    "throughput.merge_requests": "Слитые мерж-реквесты",
    "review.first_response_hours": "Время до первого ответа",
    "review.waiting": "Ожидают первого ответа",
    "review.duration_hours": "Длительность ревью",
    "merge_request.cycle_hours": "Время цикла мерж-реквестов",
    "merge_request.coding_hours": "Написание кода",
    "merge_request.pickup_hours": "Ожидание ревьюера",
    "merge_request.review_hours": "Ревью как часть цикла",
    "merge_request.deploy_hours": "Ожидание выкладки",
    "merge_request.size": "Размер мерж-реквестов",
    "merge_request.stale_share": "Застоявшиеся мерж-реквесты",
    "throughput.work_items": "Завершённые задачи",
    "work_item.cycle_hours": "Время цикла задач",
    "work_item.lead_hours": "Время выполнения задач",
    "flow.wip": "Незавершённая работа",
    "flow.aging": "Возраст незавершённой работы",
    "flow.efficiency": "Эффективность потока",
    "blockers.open": "Заблокированные задачи",
    "blockers.age_days": "Возраст блокировок",
    "sprint.completion": "Выполнение спринта",
    "sprint.spillover": "Перенос из спринта",
    "sprint.scope_change": "Изменение объёма спринта",
    "pipeline.success_rate": "Успешные пайплайны",
    "pipeline.duration_minutes": "Длительность пайплайнов",
    "pipeline.flaky_share": "Нестабильные пайплайны",
    "pipeline.failing_release_branches": "Падающие релизные ветки",
    "dora.deployment_frequency": "Частота развёртываний",
    "dora.change_lead_hours": "Время поставки изменений",
    "dora.change_fail_rate": "Доля неудачных изменений",
    "dora.recovery_hours": "Время восстановления",
    "dora.rework_rate": "Доля переделок",
    "identity.coverage": "Сопоставленные учётные записи",
    "identity.conflict_rate": "Учётные записи с конфликтом",
    "identity.verified_rate": "Подтверждённые учётные записи",
}
# Values beside the main one, by their name in an answer. Without an entry a value is not told.
_VALUES = {
    "p50": {Language.ENGLISH: "half within {}", Language.RUSSIAN: "половина укладывается в {}"},
    "p85": {Language.ENGLISH: "85 % within {}", Language.RUSSIAN: "85 % укладываются в {}"},
    "p90": {Language.ENGLISH: "90 % within {}", Language.RUSSIAN: "90 % укладываются в {}"},
    "max": {Language.ENGLISH: "at most {}", Language.RUSSIAN: "самое большее {}"},
    "bug": {Language.ENGLISH: "{} bugs", Language.RUSSIAN: "ошибок: {}"},
    "feature": {Language.ENGLISH: "{} features", Language.RUSSIAN: "новых функций: {}"},
    "chore": {Language.ENGLISH: "{} chores", Language.RUSSIAN: "прочих: {}"},
    "count": {Language.ENGLISH: "{} in all", Language.RUSSIAN: "всего {}"},
    "days_with_one": {Language.ENGLISH: "on {} days", Language.RUSSIAN: "дней с ними: {}"},
    "waiting": {Language.ENGLISH: "{} still waiting", Language.RUSSIAN: "ещё ждут: {}"},
    "over_p50": {
        Language.ENGLISH: "{} older than half of what was finished in the 90 days before",
        Language.RUSSIAN: "старше половины завершённых за 90 дней до того: {}",
    },
    "over_p85": {
        Language.ENGLISH: "{} older than 85 % of them",
        Language.RUSSIAN: "старше 85 % из них: {}",
    },
}
COUNTS = frozenset({"bug", "feature", "chore", "count", "days_with_one", "waiting", "over_p50", "over_p85"})
_PARTS = {
    "completion": "выполнение", "blocker_age": "возраст блокировок", "first_response": "первый ответ",
    "pipeline_success": "пайплайны", "spillover": "перенос", "blockers": "блокировки", "pipelines": "пайплайны",
    "stale": "застоявшиеся мерж-реквесты",
}  # fmt: skip
_LEVELS = {"low": "низкий", "medium": "средний", "high": "высокий"}


def title(kpi: str, language: Language) -> str:
    """What the KPI is called."""
    return _RUSSIAN.get(kpi, CATALOGUE[kpi].title) if language is Language.RUSSIAN else CATALOGUE[kpi].title


def value_phrase(name: str, amount: str, language: Language) -> str | None:
    """A value told beside the main one, such as `90 % within 12 h`."""
    phrases = _VALUES.get(name)
    return None if phrases is None else phrases[language].format(amount)


def part(name: str, language: Language) -> str:
    """What a part of a composite is called."""
    spoken = name.rpartition(".")[2].replace("_", " ")
    return _PARTS.get(name, spoken) if language is Language.RUSSIAN else spoken


def level(name: str, language: Language) -> str:
    """Low, medium or high."""
    return _LEVELS.get(name, name) if language is Language.RUSSIAN else name
