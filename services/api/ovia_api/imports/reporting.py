"""The report of an import, and its one rule: with an error nothing is written."""

from ovia_shared.errors import InvalidInput
from ovia_shared.models.imports import ImportReport, LineOutcome, LineReport

_MOST_FAULTS = 200


def report(lines: list[LineReport], *, dry_run: bool) -> ImportReport:
    """The lines, counted. Raises `InvalidInput` with each fault by its line, unless it is a dry run."""
    count = {outcome: sum(1 for one in lines if one.outcome is outcome) for outcome in LineOutcome}
    errors = count[LineOutcome.ERROR]
    if errors and not dry_run:
        faults = [(f"line {one.line}", one.detail) for one in lines if one.outcome is LineOutcome.ERROR]
        raise InvalidInput(f"nothing was imported: {errors} lines have errors", faults=faults[:_MOST_FAULTS])
    return ImportReport(
        written=not dry_run,
        created=count[LineOutcome.CREATE],
        updated=count[LineOutcome.UPDATE],
        ignored=count[LineOutcome.IGNORE],
        errors=errors,
        lines=lines,
    )
