"""Small grammars for titles and texts, so that what the sources hold can be read and searched."""

# ruff: noqa: RUF001 (Cyrillic letters are meant)

from random import Random

from ovia_demo.organisation.model import Block, Text

# Per product: the things it is about, where they are seen, what goes wrong with them.
_THINGS: dict[str, tuple[str, str, str]] = {
    "GLD": (
        "variometer readings|flight traces|thermal maps|battery warnings|airspace alerts|launch checklists|wind layers|"
        "landing predictions|sensor firmware|glide ratio curves|turn detection|barometer calibration",
        "on the pilot tablet|in the flight log|on the club dashboard|in the offline mode|after landing|"
        "on the ground station",
        "the GPS loses its fix|two trackers share an id|the log is longer than four hours|the clock jumps at midnight|"
        "the tablet is in airplane mode|the altitude is below sea level",
    ),
    "SKY": (
        "seat reservations|gift vouchers|payment retries|refund requests|waiting lists|weather cancellations|"
        "instructor calendars|invoice numbers|booking reminders|group discounts|card payments|loyalty points",
        "in the checkout|on the booking page|in the confirmation mail|for club members|in the mobile app|"
        "at the front desk",
        "the bank answers late|the customer pays twice|the voucher has expired|daylight saving time ends|"
        "two people book the last seat|the currency is not euro",
    ),
    "OPS": (
        "hangar assignments|tow plane schedules|maintenance orders|spare part stocks|fuel records|winch inspections|"
        "shift plans|airworthiness papers|tool loans|runway closures|noise reports|crew rosters",
        "on the hangar screen|in the workshop|for the tower|in the nightly export|for the inspector|"
        "in the weekly report",
        "an order is reopened|the import has an empty column|a mechanic changes shifts|the barcode is damaged|"
        "the inspection date is in the past|stock falls below zero",
    ),
}
_VERBS = "Show|Speed up|Validate|Export|Redesign|Cache|Group|Archive|Synchronise|Simplify|Add filters for|Translate"
_CHORES = (
    "Upgrade the library behind|Remove dead code from|Document|Add metrics to|Split the module for|Write load tests for"
)
_BREAKS = (
    "{0} are wrong when {1}|{0} vanish when {1}|Crash in {0} when {1}|{0} are shown twice when {1}|"
    "Timeout of {0} when {1}"
)

_RUSSIAN = {
    "story": "Показывать {0} {1}|Ускорить загрузку: {0} {1}|Добавить фильтр: {0} {1}|Выгружать {0} {1}",
    "bug": "Ошибка: {0} пропадают {1}|Неверно считаются {0} {1}|Падение при открытии: {0} {1}",
    "task": "Обновить документацию: {0}|Вынести в отдельный модуль: {0}|Добавить метрики: {0}",
    "things": "показания вариометра|заявки на ремонт|брони мест|подарочные сертификаты|смены механиков|журналы полётов|"
    "предупреждения о батарее|счета клубов",
    "places": "на планшете пилота|в отчёте за неделю|в мобильном приложении|на экране ангара|в письме клиенту",
}
_WHY = (
    "Club pilots asked for it at the last meeting.",
    "Support gets about {n} mails a week about this.",
    "We promised this to the flying school for the next season.",
    "It costs the front desk {n} minutes a day.",
    "Today people copy it by hand into a spreadsheet.",
    "Нужно закончить до начала сезона, иначе придётся вести журнал вручную.",
    "The old way fails on about {n} % of the requests &amp; nobody notices.",
)
_CRITERIA = (
    "works without a network for {n} hours",
    "answers within {n} ms at the 95th percentile",
    "every change is written to the audit log",
    "the translation is complete (de, ru, pl)",
    "an empty list says what to do next",
    "старые данные переносятся без потерь",
    "there is a test with {n} records",
)
_REMARKS = (
    "I can reproduce it with build {n}.",
    "Done on staging, please have a look.",
    "Waiting for the answer of the airfield, asked again today.",
    "Let us cut this: the second half is a story of its own.",
    "Проверил на стенде, всё работает. Спасибо!",
    "Не воспроизводится на последней сборке, пришлите, пожалуйста, журнал.",
    "Looks good to me 🎉",
    "The numbers differ by {n}, see <the> report &amp; the export.",
    "Moved to the next sprint, the supplier is late.",
    "Which time zone is meant here? The tower uses UTC.",
    "Nice find! 👏 I would still keep the old endpoint for a month.",
)
_REVIEWS = (
    "Could this be a query instead of a loop?",
    "Please add a test for the empty case.",
    "Why {n} and not a setting?",
    "Название переменной сбивает с толку, может быть `planned_at`?",
    "This swallows the error; let it fail.",
    "Nit: the comment says the opposite of the code.",
    "I like this. 👍",
    "What happens if the list is empty?",
    "Отлично, но давай вынесем это в отдельную функцию.",
    "This needs an index, the table has {n} thousand rows.",
    "Please rebase, main has changed here.",
)
_CODE = 'def planned(flights):\n    return [one for one in flights if one.start > now() and "club" in one.tags]'
_GOALS = (
    "Pilots see the thermals of yesterday",
    "Nobody pays twice",
    "The workshop plans without paper",
    "Сезон начинается без ручных журналов",
    "Faster first screen",
    "A quiet on-call week",
)


def _one(rng: Random, choices: str) -> str:
    return rng.choice(choices.split("|"))


def title(rng: Random, product: str, kind: str) -> str:
    """A title for a story, bug, task, epic or incident; about one in six is Russian."""
    things, places, faults = _THINGS[product]
    if kind in ("story", "bug", "task") and rng.random() < 0.16:
        words = _one(rng, _RUSSIAN["things"]), _one(rng, _RUSSIAN["places"])
        return _one(rng, _RUSSIAN[kind]).format(*words)
    thing, place, fault = _one(rng, things), _one(rng, places), _one(rng, faults)
    match kind:
        case "bug":
            return _capital(_one(rng, _BREAKS).format(thing, fault))
        case "task":
            return f"{_one(rng, _CHORES)} {thing}"
        case "epic":
            return f"{_capital(thing)} {place}"
        case "incident":
            return f"Outage: {thing} not available {place}"
        case _:
            return f"{_one(rng, _VERBS)} {thing} {place}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def description(rng: Random, kind: str, mentioned: str | None = None) -> Text:
    """Why, what has to hold, and sometimes a piece of code."""
    blocks = [Block("p", _numbered(rng, _WHY))]
    if kind == "bug":
        steps = ("Open the list", "Choose the second entry", "Wait for the next update")
        blocks += [Block("h", "Steps to reproduce"), Block("ul", items=steps)]
    elif rng.random() < 0.7:
        items = tuple(_filled(rng, one) for one in rng.sample(_CRITERIA, rng.randint(2, 4)))
        blocks += [Block("h", "Acceptance criteria"), Block("ul", items=items)]
    if rng.random() < 0.12:
        blocks.append(Block("code", _CODE))
    if mentioned is not None and rng.random() < 0.3:
        blocks.append(Block("mention", mentioned))
    return tuple(blocks)


def remark(rng: Random, mentioned: str | None = None) -> Text:
    """A comment on an issue or a page."""
    blocks = [Block("p", _numbered(rng, _REMARKS))]
    if rng.random() < 0.08:
        blocks.insert(0, Block("quote", _numbered(rng, _REMARKS)))
    if mentioned is not None and rng.random() < 0.15:
        blocks.append(Block("mention", mentioned))
    return tuple(blocks)


def review(rng: Random) -> str:
    return _numbered(rng, _REVIEWS)


def goal(rng: Random) -> str:
    return rng.choice(_GOALS)


def thing(rng: Random, product: str) -> str:
    """Something the product is about, such as `flight traces`."""
    return _one(rng, _THINGS[product][0])


def _numbered(rng: Random, sentences: tuple[str, ...]) -> str:
    return _filled(rng, rng.choice(sentences))


def _filled(rng: Random, sentence: str) -> str:
    return sentence.format(n=rng.randint(2, 60)) if "{n}" in sentence else sentence
