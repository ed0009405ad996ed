"""The sentences of answers, by name. Whatever a placeholder stands for has to be in what the statement cites.

Colons rather than clauses: names are put in as they are called, and need no case or gender.
"""

# ruff: noqa: RUF001 (Cyrillic letters are meant)
from ovia_shared.models.ask import Language

_ENGLISH = {
    "value": "{title}, {scope}, {when}: {value}.",
    "no_data": "{title}, {scope}, {when}: there is no data.",
    "level": "{title}, {scope}, {when}: {value}, which is {level}.",
    "beside": "{title}, {scope}: {details}; counted from {n}.",
    "parts": "{title}, {scope}, by part, each of 100: {details}.",
    "missing": "{title}, {scope}: without data, and left out, are {details}.",
    "before": "{title}, {scope}, {when}, the window before: {value}; the difference is {difference}.",
    "before_none": "{title}, {scope}, {when}, the window before: there is no data to compare with.",
    "list": "{what}, {scope}, {when}: {total}.",
    "list_none": "{what}, {scope}, {when}: none.",
    "row": "{label}{person}: {age}, since {since}.",
    "row_at": "{label}{person}: {since}.",
    "row_untimed": "{label}{person}.",
    "shown": "{what}: {shown} of {total} are shown.",
    "changed": "{title}, {scope}: {before} {earlier}, {after} {later}; the difference is {difference}.",
    "unchanged": "{title}, {scope}: {after} {later}, as {earlier}.",
    "change_unknown": "{title}, {scope}: without data {earlier} or {later} there is no change to explain.",
    "group_counts": "{group}: {after}, before {before}; that is {part} of the difference.",
    "group_mix": "{group}: its share is {after} of all, before {before}; that is {part} of the difference.",
    "group_rate": "{group}: {after} itself, before {before}; that is {part} of the difference.",
    "group_part": "{group}: that is {part} of the difference.",
    "late": "What became known later of the window before: {part} of the difference, from {count}.",
    "corrected": "Who is who, or in which team, was corrected: {part} of the difference, for {count} accounts.",
    "defined": "Definitions changed: {part} of the difference.",
    "person": "{name}: {status}; {details}.",
    "person_plain": "{name}: {status}.",
    "in_team": "{name} is in {team}{role} since {since}.",
    "was_in_team": "{name} was in {team}{role} from {since} to {until}.",
    "works_on": "{name} works on {label} ({state}).",
    "works_on_none": "{name}: nothing is in progress, and no merge request is open.",
    "assigned": "{label}: {name} is {duty}.",
    "nobody_assigned": "{label}: nobody is assigned.",
    "lead": "{project}: {name} leads it.",
    "worked_lately": "{name} last worked in {project} on {at}.",
    "knows": "{name} wrote about it in {title}.",
    "member": "{name} is in {team}{role} since {since}.",
    "members": "{team}: {total} members.",
    "quote": "{title}: “{text}”",
}
_RUSSIAN = {
    "value": "{title}, {scope}, {when}: {value}.",
    "no_data": "{title}, {scope}, {when}: данных нет.",
    "level": "{title}, {scope}, {when}: {value}, уровень {level}.",
    "beside": "{title}, {scope}: {details}; посчитано по {n}.",
    "parts": "{title}, {scope}, по частям, каждая из 100: {details}.",
    "missing": "{title}, {scope}: нет данных, и потому не учтены: {details}.",
    "before": "{title}, {scope}, {when}, предыдущий период: {value}; разница {difference}.",
    "before_none": "{title}, {scope}, {when}, предыдущий период: данных для сравнения нет.",
    "list": "{what}, {scope}, {when}: {total}.",
    "list_none": "{what}, {scope}, {when}: нет.",
    "row": "{label}{person}: {age}, с {since}.",
    "row_at": "{label}{person}: {since}.",
    "row_untimed": "{label}{person}.",
    "shown": "{what}: показано {shown} из {total}.",
    "changed": "{title}, {scope}: {before} {earlier}, {after} {later}; разница {difference}.",
    "unchanged": "{title}, {scope}: {after} {later}, как и {earlier}.",
    "change_unknown": "{title}, {scope}: без данных {earlier} или {later} объяснять нечего.",
    "group_counts": "{group}: {after}, раньше {before}; это {part} от разницы.",
    "group_mix": "{group}: доля {after}, раньше {before}; это {part} от разницы.",
    "group_rate": "{group}: само значение {after}, раньше {before}; это {part} от разницы.",
    "group_part": "{group}: это {part} от разницы.",
    "late": "О предыдущем периоде стало известно позже: {part} от разницы, записей {count}.",
    "corrected": "Исправлено, кто есть кто и кто в какой команде: {part} от разницы, учётных записей {count}.",
    "defined": "Изменились определения: {part} от разницы.",
    "person": "{name}: {status}; {details}.",
    "person_plain": "{name}: {status}.",
    "in_team": "{name} в команде {team}{role} с {since}.",
    "was_in_team": "{name}, в прошлом в команде {team}{role}: с {since} по {until}.",
    "works_on": "{name} работает над {label} ({state}).",
    "works_on_none": "{name}: ничего нет в работе, и открытых мерж-реквестов нет.",
    "assigned": "{label}: {duty} {name}.",
    "nobody_assigned": "{label}: исполнитель не назначен.",
    "lead": "{project}: руководит {name}.",
    "worked_lately": "{name}, последняя работа в {project}: {at}.",
    "knows": "{name} пишет об этом в {title}.",
    "member": "{name} в команде {team}{role} с {since}.",
    "members": "{team}: участников {total}.",
    "quote": "{title}: «{text}»",
}
_BY_LANGUAGE = {Language.ENGLISH: _ENGLISH, Language.RUSSIAN: _RUSSIAN}

_DUTIES = {
    "assignee": {Language.ENGLISH: "the assignee", Language.RUSSIAN: "исполнитель"},
    "reporter": {Language.ENGLISH: "the reporter", Language.RUSSIAN: "автор"},
    "author": {Language.ENGLISH: "the author", Language.RUSSIAN: "автор"},
    "reviewer": {Language.ENGLISH: "a reviewer", Language.RUSSIAN: "ревьюер"},
}
_STATES = {
    "active": {Language.ENGLISH: "with the organisation", Language.RUSSIAN: "работает в организации"},
    "inactive": {Language.ENGLISH: "no longer with the organisation", Language.RUSSIAN: "уже не в организации"},
}
ROWS = {Language.ENGLISH: "rows: {n}", Language.RUSSIAN: "строкам: {n}"}


def template(name: str, language: Language) -> str:
    """The sentence of that name, with places for its values."""
    return _BY_LANGUAGE[language][name]


def duty(name: str, language: Language) -> str:
    """What somebody is to an item."""
    return _DUTIES[name][language]


def state(name: str, language: Language) -> str:
    """Whether somebody is still there."""
    return _STATES[name][language]
