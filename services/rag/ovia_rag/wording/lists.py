"""What lists, outcomes and what was looked at are called."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

from ovia_shared.models.ask import Language, ListKind, SourceKind

_LISTS = {
    ListKind.STALE_MERGE_REQUESTS: ("Stale merge requests", "Застоявшиеся мерж-реквесты"),
    ListKind.WAITING_FOR_REVIEW: ("Merge requests waiting for a first response", "Мерж-реквесты без первого ответа"),
    ListKind.OPEN_MERGE_REQUESTS: ("Open merge requests", "Открытые мерж-реквесты"),
    ListKind.BLOCKERS: ("Blocked items", "Заблокированные задачи"),
    ListKind.FAILING_PIPELINES: (
        "Branches whose last pipeline failed", "Ветки, последний пайплайн которых упал",
    ),
    ListKind.WORK_IN_PROGRESS: ("Work in progress", "Незавершённая работа"),
    ListKind.OPEN_INCIDENTS: ("Open incidents", "Открытые инциденты"),
    ListKind.SPILLOVER: ("Items left over from sprints", "Задачи, не завершённые в спринтах"),
    ListKind.DEPLOYMENTS: ("Deployments to production", "Развёртывания в продуктив"),
}  # fmt: skip
_KINDS = {
    SourceKind.DOCUMENT: ("documents", "документы"),
    SourceKind.WORK_ITEM: ("work items", "задачи"),
    SourceKind.MERGE_REQUEST: ("merge requests", "мерж-реквесты"),
    SourceKind.KPI: ("descriptions of KPIs", "описания показателей"),
}
_SAYINGS = {
    "passages": (
        "{kinds}: {found} passages, of which {enough} fit the question",
        "{kinds}: отрывков найдено {found}, из них подходят {enough}",
    ),
    "nothing_indexed": (
        "the index of texts holds nothing yet, so only numbers and lists can be answered",
        "в индексе текстов пока ничего нет, поэтому ответить можно только числами и списками",
    ),
    "kpi": ("the KPI {title} of {scope}, {when}", "показатель «{title}», {scope}, {when}"),
    "list": ("{what} of {scope}, {when}", "{what}, {scope}, {when}"),
    "person": ("people, their teams and accounts", "люди, их команды и учётные записи"),
    "item": ("work items and merge requests called {item}", "задачи и мерж-реквесты {item}"),
    "withheld": (
        "some of {what} are restricted at their source: they are counted, and not shown",
        "«{what}»: часть ограничена в источнике, поэтому посчитана, но не показана",
    ),
    "nothing_asked": (
        "nothing: the question names no number, list, person or topic that can be looked up",
        "ничего: в вопросе нет показателя, списка, человека или темы, которые можно найти",
    ),
    "no_such_name": (
        "people, teams, products, projects, sprints and releases: nothing is called “{text}”",
        "люди, команды, продукты, проекты, спринты и релизы: ничего с именем «{text}» нет",
    ),
    "small_groups": (
        "teams of fewer than {least} people are not told one by one; left out: {names}",
        "команды меньше {least} человек по отдельности не показываются; пропущены: {names}",
    ),
    "organisation_only": (
        "{title} is told of the whole organisation only",
        "«{title}» есть только для всей организации",
    ),
    "cut_to_now": ("the window is not over yet: it is counted until now", "период не закончился: посчитано на сейчас"),
    "data_quality": (
        "the data behind {title} can be trusted to {score} %: {reason}",
        "данным для «{title}» можно доверять на {score} %: {reason}",
    ),
    "left_out": ("[left out: words to an assistant]", "[опущено: слова, обращённые к ассистенту]"),
    "unsupported": (
        "left out, because nothing cited says it: {count} statements",
        "пропущено, потому что не подтверждается источниками: {count}",
    ),
    "without_vectors": (
        "similar meanings were not looked for: {why}", "поиск по смыслу не использовался: {why}",
    ),
    "without_model": ("no model worded this: {why}", "модель не использовалась для формулировок: {why}"),
    "model_stopped": (
        "the model stopped midway, and the rest is told without it: {why}",
        "модель остановилась на полпути, остальное сказано без неё: {why}",
    ),
    "planned_by_rules": (
        "the question was understood by rules, without the model: {why}",
        "вопрос разобран правилами, без модели: {why}",
    ),
    "model_corrected": (
        "of what the model worded, {count} sentences were not supported and were replaced",
        "предложений модели, не подтверждённых источниками и заменённых: {count}",
    ),
}  # fmt: skip


def _of(pair: tuple[str, str], language: Language) -> str:
    return pair[language is Language.RUSSIAN]


def what(kind: ListKind, language: Language) -> str:
    """What the rows of a list are."""
    return _of(_LISTS[kind], language)


def kinds(wanted: list[SourceKind], language: Language) -> str:
    """What passages were looked for in; without a choice, everywhere."""
    return ", ".join(_of(_KINDS[kind], language) for kind in wanted or list(SourceKind))


def saying(name: str, language: Language, **values: object) -> str:
    """An assumption, a note, or something that was looked at."""
    return _of(_SAYINGS[name], language).format(**values)
