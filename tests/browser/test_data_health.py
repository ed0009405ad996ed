"""Data health: what is wrong, how reading goes, and saying what a status means."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn, Stack

PAGES = ["", "/sources", "/runs", "/dead-letters", "/parity", "/statuses"]


def test_the_overview_says_what_is_wrong_and_leads_to_where_it_is_mended(page: Page) -> None:
    page.goto("/console/data-health")
    expect(page.get_by_role("heading", name="Data health", level=1)).to_be_visible()
    fault = page.get_by_role("row", name=re.compile("Accounts that lead to nobody"))
    expect(fault).to_contain_text(re.compile(r"confluence: \d+ of \d+"))
    expect(fault.get_by_role("link", name="Decide whose they are")).to_have_attribute("href", "/console/queue")


def test_reading_is_shown_twenty_five_streams_at_a_time(page: Page) -> None:
    page.goto("/console/data-health/sources")
    rows = page.locator("#reading tbody tr")
    expect(rows).to_have_count(25)
    first = rows.first.inner_text()
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile("cursor="))
    assert rows.first.inner_text() != first
    page.get_by_role("link", name="First page").click()
    expect(page).to_have_url(re.compile("/sources$"))


def test_runs_are_narrowed_by_source_and_end_in_the_address(page: Page) -> None:
    page.goto("/console/data-health/runs")
    page.get_by_label("Source").select_option(label="Jira")
    expect(page).to_have_url(re.compile("connection="))
    page.get_by_label("Ended").select_option("succeeded")
    expect(page).to_have_url(re.compile("status=succeeded"))
    expect(page.locator("tbody tr").first).to_contain_text("Jira")
    more = page.get_by_role("link", name="More")
    if more.count():
        more.click()
        expect(page.locator("tbody tr").nth(25)).to_be_visible()


def test_each_stream_tells_whether_its_counts_agree(page: Page) -> None:
    page.goto("/console/data-health/parity")
    row = page.get_by_role("row", name=re.compile(r"^merge_requests"))
    expect(row).to_contain_text("Yes")


def test_with_everything_understood_the_list_of_the_others_says_so(page: Page) -> None:
    page.goto("/console/data-health/dead-letters?stream=no-such-stream")
    expect(page.get_by_role("heading", name="No record is like this")).to_be_visible()
    page.goto("/console/data-health/dead-letters/00000000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_sees_data_health_and_can_change_nothing_of_it(as_role: SignIn, path: str) -> None:
    page = as_role("viewer")
    page.goto(f"/console/data-health{path}")
    expect(page.get_by_role("navigation", name="Data health")).to_be_visible()
    assert not page.locator("main button.primary, main form[method=post]").count()


HOSTILE = '{"key": "<script>alert(1)</script>"}'


@pytest.fixture
def letter(stack: Stack) -> Iterator[str]:
    """A record nobody can understand, with a script in it; its name."""
    name = f"letter-{uuid4().hex[:8]}"
    url = (stack.state / "secrets/owner/ovia_database_url").read_text()

    async def run(statement: str, *values: object) -> None:
        conn = await asyncpg.connect(url)
        try:
            org_id = await conn.fetchval("select org_id from organisations limit 1")
            await conn.execute("select set_config('ovia.org_id', $1, false)", str(org_id))
            await conn.execute(statement, org_id, name, *values)
        finally:
            await conn.close()

    def in_thread(statement: str, *values: object) -> None:
        # Playwright has a loop of its own in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, run(statement, *values)).result()

    in_thread(
        "insert into dead_letters (org_id, id, connection_id, stream, external_id, content_hash, payload, reason,"
        " normaliser_version) select $1, gen_random_uuid(), id, 'issues', $2, sha256($3), $3, '<b>no</b> status',"
        " 1 from connections where org_id = $1 and kind = 'jira' and status = 'active' limit 1",
        HOSTILE.encode(),
    )
    yield name
    in_thread("delete from dead_letters where org_id = $1 and external_id = $2")


def test_a_record_that_was_not_understood_is_shown_as_it_was_read_and_tried_again(page: Page, letter: str) -> None:
    page.goto("/console/data-health/dead-letters")
    page.get_by_role("link", name=letter).click()
    expect(page.locator("pre.as-read")).to_have_text(HOSTILE)
    expect(page.get_by_text("<b>no</b> status")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    waits, still = page.get_by_text("Waits to be tried"), page.get_by_text("Open", exact=True)
    expect(waits.or_(still).first).to_be_visible()
    page.goto("/console/data-health/dead-letters?stream=issues")
    page.get_by_role("button", name="Try all of these again").click()
    expect(page.get_by_text(re.compile("will be tried again shortly"))).to_be_visible()
    expect(page).to_have_url(re.compile("stream=issues"))
