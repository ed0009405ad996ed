"""Flow and delivery: every picture leads to its rows, incidents are corrected, forecasts are asked."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

TABS = {
    "": "Ageing work", "/cycle-time": "Cycle time", "/cumulative": "Cumulative flow", "/value-stream": "Value stream",
    "/deployments": "Deployments", "/sprints": "Sprints", "/forecast": "Forecast",
}  # fmt: skip
_TO_SOURCE = re.compile(r"^https?://.+/(browse|issues|merge_requests)/")


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_every_tab_is_a_page_that_keeps_the_scope(page: Page) -> None:
    page.goto("/console/flow?from=2026-01-01&to=2026-11-01")
    for path, name in TABS.items():
        page.get_by_role("navigation", name="Flow").get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(rf"/console/flow{path}\?"))
        heading(page, name)
        assert "from=2026-01-01" in page.url
        expect(page.locator("main .tabs [aria-current]")).to_have_text(name)


def test_dots_lead_to_items_at_their_source(page: Page) -> None:
    for path in ("/console/flow", "/console/flow/cycle-time"):
        page.goto(path)
        dot = page.locator("svg.chart a").first
        expect(dot).to_have_attribute("href", _TO_SOURCE)
        expect(dot).to_have_attribute("aria-label", re.compile(r"^\w+-\d+: "))
        expect(page.locator("svg.chart line.rule")).to_have_count(3)


def test_a_number_of_the_cumulative_flow_leads_to_as_many_items(page: Page) -> None:
    page.goto("/console/flow/cumulative")
    page.get_by_role("link", name="By week").click()
    row = page.locator("tbody tr").nth(1)
    for place in range(3):
        link = row.locator("td").nth(place).get_by_role("link")
        count, address = link.inner_text(), link.get_attribute("href")
        assert address is not None
        other = page.context.new_page()
        other.goto(address)
        expect(other.locator("caption")).to_contain_text(re.compile(rf"^\s*{count} items? "))
        other.close()


def test_a_stage_of_the_value_stream_leads_to_its_merge_requests(page: Page) -> None:
    page.goto("/console/flow/value-stream")
    row = page.get_by_role("row", name=re.compile("^Coding"))
    count = row.get_by_role("link").inner_text()
    page.locator("svg.stages a").first.focus()
    page.keyboard.press("Enter")
    heading(page, "Coding")
    expect(page.locator("caption")).to_contain_text(f"{count} rows")
    expect(page.locator("tbody a").first).to_have_attribute("href", re.compile("/merge_requests/"))


def test_a_count_of_the_ledger_leads_to_as_many_items(page: Page) -> None:
    page.goto("/console/flow/sprints")
    row = page.locator("tbody tr").first
    count = row.get_by_role("link").first.inner_text()
    row.get_by_role("link").first.click()
    heading(page, "Planned")
    expect(page.locator("tbody tr")).to_have_count(int(count))


def test_a_manager_says_what_a_deployment_caused_and_takes_it_back(as_role: SignIn) -> None:
    page = as_role("manager")
    open_harmful(page)
    boxes = page.get_by_role("group", name="It caused these, and no others").get_by_role("checkbox")
    name = boxes.first.locator("xpath=..").inner_text().strip()
    boxes.first.uncheck()
    page.get_by_label("Why").fill("The provider's network was down.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The numbers follow within moments.")).to_be_visible()
    expect(page.get_by_text("None so far.")).to_be_visible()
    expect(page.locator("#incidents")).to_contain_text("The provider's network was down.")
    # Found again by its key, and ticked with the keyboard.
    key = name.split()[0]
    page.get_by_label("Find an item by its key").fill(key)
    page.keyboard.press("Enter")
    page.get_by_role("group", name=f"Items whose key begins with {key}").get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("group", name="It caused these").get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("button", name="Take back what was said").click()
    expect(page.get_by_text("What was derived holds again.")).to_be_visible()
    expect(page.get_by_role("button", name="Take back what was said")).to_be_hidden()


def test_of_two_managers_the_slower_one_is_told(as_role: SignIn) -> None:
    first, second = as_role("manager"), as_role("manager", java_script_enabled=False)
    open_harmful(first)
    second.goto(first.url)
    for page in (first, second):
        page.get_by_label("Why").fill("Seen in the log.")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("button", name="Take back what was said")).to_be_visible()
    with first.expect_response(lambda answer: answer.request.method == "POST") as told:
        first.get_by_role("button", name="Save").click()
    assert told.value.status == 412
    expect(first.get_by_role("alert")).to_contain_text("Somebody else said something meanwhile.")
    first.get_by_role("button", name="Take back what was said").click()
    expect(first.get_by_text("What was derived holds again.")).to_be_visible()


def open_harmful(page: Page) -> None:
    """The newest deployment that did harm."""
    page.goto("/console/flow/deployments?from=2026-01-01")
    page.get_by_role("link", name="Did harm").click()
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", name="Incidents it caused")).to_be_visible()


def test_a_viewer_reads_incidents_and_forecasts_and_changes_neither(as_role: SignIn) -> None:
    page = as_role("viewer")
    open_harmful(page)
    expect(page.get_by_text("Managers may correct this.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_hidden()
    page.goto("/console/flow/forecast")
    expect(page.get_by_text("Analysts make forecasts.")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)


def test_sliders_ask_again_and_show_what_they_change(as_role: SignIn) -> None:
    page = as_role("analyst")
    page.goto("/console/flow/forecast")
    page.get_by_role("button", name="Forecast").click()
    expect(page.get_by_role("columnheader", name="As things are")).to_be_visible()
    slider = page.get_by_role("slider", name="Pace, in percent")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("spinbutton", name="Pace, in percent")).to_have_value("300")
    expect(page.get_by_role("columnheader", name="What if")).to_be_visible()
    expect(page.locator("#forecast svg.chart")).to_be_visible()
    page.get_by_label("What to ask").select_option("how_many")
    expect(page.get_by_role("heading", name=re.compile("^How many are done"))).to_be_visible()
    expect(page.get_by_role("textbox", name="By the end of")).to_be_visible()
    expect(page.get_by_label("How many items")).to_be_hidden()


def test_a_forecast_needs_no_scripts(as_role: SignIn) -> None:
    page = as_role("analyst", java_script_enabled=False)
    page.goto("/console/flow/forecast")
    page.get_by_role("spinbutton", name="Days to learn from").fill("5")
    page.get_by_role("button", name="Forecast").click()
    expect(page.get_by_role("alert")).to_contain_text("sampling_days")
    page.get_by_role("spinbutton", name="Days to learn from").fill("60")
    page.get_by_role("button", name="Forecast").click()
    expect(page.get_by_role("columnheader", name="As things are")).to_be_visible()


def test_in_russian_and_on_a_phone_nothing_is_wider_than_the_screen(as_role: SignIn) -> None:
    page = as_role("viewer", locale="ru-RU", viewport={"width": 390, "height": 844}, color_scheme="dark")
    for path in TABS:
        page.goto(f"/console/flow{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    heading(page, "Прогноз")


def test_a_scope_without_work_says_what_to_do(page: Page) -> None:
    for path, title in (
        ("/cumulative", "There was no work item yet"), ("/cycle-time", "Nothing was finished in these days"),
        ("/sprints", "No sprint closed in these days"), ("/deployments", "Nothing was deployed to production"),
    ):  # fmt: skip
        page.goto(f"/console/flow{path}?from=2001-01-01&to=2001-02-01")
        expect(page.get_by_role("heading", name=title)).to_be_visible()
