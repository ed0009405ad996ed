"""What a runbook tells one to type works here, and where it leads is there."""

import re
from pathlib import Path

import asyncpg
import pytest

from tests.stack import metric_names
from tests.stack.rules.programs import CHECKOUT

PAGES = [CHECKOUT / "docs" / "monitoring.md", *sorted((CHECKOUT / "docs" / "runbooks" / "alerts").glob("*.md"))]
QUERY = re.compile(r"\bquery '([^']+)'")
STATEMENT = re.compile(r"""\bsql (?:'([^']+)'|"([^"]+)")""")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def found(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """(page, what it says) for every place; parts that somebody has to fill in are left out."""
    return [
        (page.stem, next(group for group in match.groups() if group))
        for page in PAGES
        for match in pattern.finditer(page.read_text())
        if "PID" not in match[0]
    ]


def test_what_is_asked_of_prometheus_is_told_by_somebody() -> None:
    told = set(re.findall(r"^\| `(ovia[_:][\w:]+)` \|", PAGES[0].read_text(), re.MULTILINE))
    queries = found(QUERY)
    assert len(queries) > 40
    for page, query in queries:
        for names in metric_names.names(query):
            ours = {name for name in names if name.startswith("ovia") and not name.startswith("ovia_backup_")}
            assert ours <= told, f"{page}: {query}"


async def test_what_is_asked_of_the_database_is_answered(database_dsn: str) -> None:
    statements = found(STATEMENT)
    assert len(statements) > 10
    conn = await asyncpg.connect(database_dsn)
    try:
        refused = {}
        for page, statement in statements:
            try:
                await conn.execute(statement)
            except asyncpg.PostgresError as error:
                refused[page, statement] = str(error)
        assert refused == {}
    finally:
        await conn.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).is_file(), target
