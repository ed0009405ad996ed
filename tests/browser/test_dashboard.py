"""Numbers: from the card to the definition, the rows and the receipt."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn

CARDS = (
    "Delivery health", "Release risk", "Blocked items", "Sprint spillover", "Merge requests merged",
    "Work items finished", "First response", "Cycle time of merge requests", "Cycle time of work items",
    "Deployment frequency", "Lead time for changes", "Change failure rate", "Time to recover",
)  # fmt: skip


def loaded(page: Page) -> None:
    """Whatever a page asks for after its first paint is there."""
    expect(page.get_by_text("Loading …")).to_have_count(0)


def card(page: Page, name: str) -> Locator:
    """The card of a number."""
    return page.get_by_role("article").filter(has=page.get_by_role("link", name=name, exact=True))


def test_every_card_tells_value_change_trend_and_how_good_the_data_is(page: Page) -> None:
    page.goto("/console/")
    loaded(page)
    for name in CARDS:
        one = card(page, name)
        expect(one.locator(".value")).to_have_text(re.compile(r"\d|–"))
        expect(one.locator(".change")).to_have_text(re.compile("better|worse|as before|nothing to compare"))
        expect(one.locator(".badge")).to_have_text(re.compile(r"^data (good|with gaps|doubtful), \d+%$"))
        expect(one.get_by_role("img", name=re.compile("^So far"))).to_be_visible()


def test_the_cards_are_there_before_anything_slow_is(page: Page) -> None:
    page.route("**/console/dashboard/**", lambda _: None)
    page.goto("/console/", wait_until="domcontentloaded")
    expect(card(page, "Delivery health").locator(".value")).to_have_text(re.compile(r"\d"))
    expect(card(page, "Delivery health").get_by_text("Loading …")).to_be_visible()


def test_what_changed_links_at_least_two_sources_each(page: Page) -> None:
    page.goto("/console/")
    loaded(page)
    panel = page.get_by_role("region", name="What changed")
    changed = panel.locator("ul.plain-list > li")
    expect(changed.first).to_be_visible()
    for number in range(changed.count()):
        sources = changed.nth(number).locator(".sources a")
        assert sources.count() >= 2
        for link in range(sources.count()):
            assert re.match("https?://", sources.nth(link).get_attribute("href") or "")


def test_risks_say_whose_they_are_and_lead_to_all_of_them(page: Page) -> None:
    page.goto("/console/")
    panel = page.get_by_role("region", name="Top risks")
    expect(panel.locator("li a[href^='http']").first).to_be_visible()
    panel.get_by_role("link", name="All risks").click()
    expect(page.get_by_role("heading", name="Risks")).to_be_visible()
    rows = page.locator("tbody tr:not(.further)")
    expect(rows).to_have_count(25)
    page.get_by_role("link", name="More").click()
    expect(rows).to_have_count(50)


def test_a_card_leads_to_definition_formula_parts_and_rows(page: Page) -> None:
    page.goto("/console/")
    page.get_by_role("link", name="Delivery health", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Delivery health")).to_be_visible()
    expect(page.get_by_text("The weighted mean of scores from 0 to 100")).to_be_visible()
    expect(page.locator("code.formula")).to_contain_text("weight")
    parts = page.get_by_role("table", name="What it is made of")
    expect(parts.get_by_role("link", name="Sprint completion")).to_be_visible()
    page.get_by_role("navigation", name="Parts").get_by_role("link", name="Pipelines that passed").click()
    expect(page).to_have_url(re.compile("part=pipeline.success_rate"))
    expect(page.locator("#rows tbody th a").first).to_have_attribute("href", re.compile("/pipelines/"))


def test_scope_and_days_stay_in_the_address(page: Page) -> None:
    page.goto("/console/")
    page.get_by_label("Whose").select_option(label="Sky Booking")
    expect(page).to_have_url(re.compile(r"scope=product%3A"))
    page.get_by_role("link", name="Merge requests merged", exact=True).click()
    expect(page).to_have_url(re.compile(r"/console/kpi/throughput.merge_requests\?scope=product%3A.*&from=.*&to="))
    expect(page.get_by_label("Whose")).to_have_value(re.compile("^product:"))


def test_a_point_of_the_trend_leads_to_its_rows(page: Page) -> None:
    page.goto("/console/kpi/throughput.merge_requests")
    page.get_by_role("navigation", name="Points of the trend").get_by_role("link", name="Months").click()
    expect(page).to_have_url(re.compile("bucket=month"))
    page.locator("details summary", has_text="As a table").click()
    row = page.locator("#trend tbody tr").nth(1)
    count = row.locator("td").nth(1).inner_text()
    row.get_by_role("link").first.click()
    expect(page.get_by_text("Behind one point of the trend:")).to_be_visible()
    expect(page.locator("#rows .head")).to_contain_text(f"{count} rows")
    page.get_by_role("link", name="All rows of the time above").click()
    expect(page.get_by_text("Behind one point of the trend:")).to_have_count(0)


def test_the_dots_of_a_trend_are_links_that_the_keyboard_reaches(page: Page) -> None:
    page.goto("/console/kpi/throughput.merge_requests")
    dot = page.locator("svg.chart a").last
    dot.focus()
    expect(dot).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Behind one point of the trend:")).to_be_visible()


def test_a_point_of_one_sprint_has_the_rows_of_that_sprint_alone(page: Page) -> None:
    page.goto("/console/kpi/sprint.spillover?bucket=sprint")
    page.locator("details summary", has_text="As a table").click()
    row = page.locator("#trend tbody tr").first
    count = row.locator("td").nth(1).inner_text()
    row.get_by_role("link").first.click()
    expect(page.locator("#rows .head")).to_contain_text(f"{count} row")


def test_why_a_number_changed_is_told_by_the_groups_one_chooses(page: Page) -> None:
    page.goto("/console/kpi/throughput.merge_requests")
    why = page.get_by_role("region", name="Why it changed")
    expect(why.get_by_role("table", name="Causes; they sum to the difference")).to_be_visible()
    why.get_by_role("link", name="By type").click()
    groups = why.get_by_role("table", name="Groups, before and after")
    expect(groups.get_by_role("rowheader", name="Features")).to_be_visible()


def test_more_rows_come_without_leaving_the_page(page: Page) -> None:
    page.goto("/console/kpi/throughput.work_items")
    rows = page.locator("#rows tbody tr:not(.further)")
    expect(rows).to_have_count(25)
    page.locator("#rows").get_by_role("link", name="More").click()
    expect(rows).to_have_count(50)


@pytest.mark.parametrize(("kind", "begins"), [("CSV", b"\xef\xbb\xbffact_id,"), ("Parquet", b"PAR1")])
def test_all_rows_are_a_file(page: Page, kind: str, begins: bytes) -> None:
    page.goto("/console/kpi/throughput.merge_requests")
    with page.expect_download() as download:
        page.locator("#rows").get_by_role("link", name=kind).click()
    assert download.value.suggested_filename == f"throughput.merge_requests.rows.{kind.lower()}"
    assert download.value.path().read_bytes().startswith(begins)


def test_every_number_there_is_has_a_page(page: Page) -> None:
    page.goto("/console/")
    page.get_by_role("link", name="All numbers").click()
    page.get_by_role("link", name="Flaky pipelines").click()
    expect(page.get_by_role("heading", level=1, name="Flaky pipelines")).to_be_visible()


def test_a_receipt_replays_to_the_same_bytes(page: Page) -> None:
    page.goto("/console/kpi/review.first_response_hours")
    page.get_by_role("link", name="Receipt", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="Receipt")).to_be_visible()
    expect(page.locator("pre.sql", has_text="percentile_cont")).to_be_visible()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("The same to the byte.")).to_be_visible()


def test_a_receipt_replays_without_scripts(as_role: SignIn) -> None:
    page = as_role("viewer", java_script_enabled=False)
    page.goto("/console/kpi/review.first_response_hours")
    page.get_by_role("link", name="Receipt", exact=True).first.click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("The same to the byte.")).to_be_visible()


def test_where_nothing_happened_the_page_says_what_to_do(page: Page) -> None:
    page.goto("/console/?from=2001-01-01&to=2001-01-31")
    expect(page.get_by_role("heading", name="There is no data here at this time")).to_be_visible()
    page.get_by_role("link", name="The whole organisation, last 30 days").click()
    expect(card(page, "Delivery health")).to_be_visible()


def test_no_data_is_a_dash_with_its_reason_and_never_zero(page: Page) -> None:
    page.goto("/console/kpi/dora.recovery_hours?from=2001-01-01&to=2001-01-31")
    expect(page.locator(".big-value")).to_contain_text("–")
    expect(page.locator(".big-value")).to_contain_text("nothing of this kind at this time")


def test_a_number_there_is_not_is_said_to_be_none(page: Page) -> None:
    page.goto("/console/kpi/no.such_number")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_a_part_that_fails_says_so_and_leaves_the_cards(page: Page) -> None:
    page.route(
        "**/console/dashboard/risks*",
        lambda route: route.fulfill(status=503, content_type="text/html", body="<p role='alert'>away</p>"),
    )
    page.goto("/console/")
    expect(page.get_by_role("region", name="Top risks").get_by_role("alert")).to_have_text("away")
    expect(card(page, "Delivery health").locator(".value")).to_have_text(re.compile(r"\d"))


def test_a_viewer_is_told_that_numbers_of_one_person_are_not_theirs(as_role: SignIn) -> None:
    page = as_role("viewer")
    page.goto("/console/?scope=person:00000000-0000-0000-0000-000000000001")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_the_whole_page_speaks_russian(as_role: SignIn) -> None:
    page = as_role("viewer", locale="ru-RU", color_scheme="dark", viewport={"width": 390, "height": 844})
    page.goto("/console/kpi/delivery_health")
    expect(page.get_by_role("heading", level=1, name="Здоровье поставки")).to_be_visible()
    expect(page.get_by_text("Хорошо ли идёт поставка?")).to_be_visible()
    expect(page.get_by_role("region", name="Почему изменилось").get_by_role("table").first).to_be_visible()
