"""Forms as they were sent, and days in them.

A day of a form is a whole day, midnight to midnight UTC, as imports read days. Where the services part times half-open,
people are shown and asked for the last day itself.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from ovia_console.pages.visit import Visit
from ovia_console.services import FieldFault, ServiceProblem


async def fields(visit: Visit) -> dict[str, str]:
    """What stands in the fields, stripped; files are left out."""
    form = await visit.request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def wrong(field: str, message: str) -> ServiceProblem:
    """A fault of a field that the console itself found, in the words of the reader."""
    return ServiceProblem(422, message, faults=(FieldFault(field, message),))


def day(visit: Visit, sent: Mapping[str, str], field: str) -> date | None:
    """A day, or None for an empty field. Raises `ServiceProblem` (422) for what is none."""
    text = sent.get(field, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(field, visit.gettext("Write the day as 2026-03-01.")) from None


def required_day(visit: Visit, sent: Mapping[str, str], field: str) -> date:
    """A day that has to be there."""
    found = day(visit, sent, field)
    if found is None:
        raise wrong(field, visit.gettext("Say which day."))
    return found


def midnight(of: date) -> datetime:
    """When a day begins."""
    return datetime.combine(of, time(), UTC)


def day_behind(last: date) -> datetime:
    """When a last day is over."""
    return midnight(last + timedelta(days=1))


def first_day(moment: str) -> str:
    """The day a time begins, as a field holds it."""
    return datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()


def last_day(moment: str | None) -> str:
    """The last day of a time that ends at a moment, which does not belong to it; empty while it lasts."""
    if moment is None:
        return ""
    return (datetime.fromisoformat(moment).astimezone(UTC) - timedelta(microseconds=1)).date().isoformat()
