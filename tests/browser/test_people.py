"""People: adding, changing, linking, merging, deleting, each with the way back; the timeline; who looked."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ovia_shared.admin import operations
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role
from tests.browser.conftest import LAPTOP, SignIn, Stack


def add_person(page: Page, name: str) -> str:
    """Adds somebody by the form; their address."""
    page.goto("/console/people/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return re.sub(r"\?.*", "", page.url)


def delete_person(page: Page, address: str) -> None:
    page.goto(address + "/edit")
    page.get_by_text("Delete this person …").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(told(page)).to_contain_text("Deleted from every list")


def told(page: Page) -> Locator:
    """What was done, on top of the page."""
    return page.locator("[data-done]")


@pytest.fixture
def name() -> str:
    return f"Probe {uuid4().hex[:8]}"


def test_a_person_is_changed_marked_as_left_and_deleted_and_each_is_taken_back(page: Page, name: str) -> None:
    address = add_person(page, name)
    page.goto(address + "/edit")
    page.get_by_label("Name").fill(name + " II")
    page.get_by_label("Why (for the record)").first.fill("she married")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name + " II")).to_be_visible()
    told(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    page.locator("details summary", has_text="Mark as left").click()
    page.get_by_role("button", name="Mark as left").click()
    expect(page.locator(".head .badge")).to_have_text("Left")
    told(page).get_by_role("button", name="Undo").click()
    expect(told(page)).to_contain_text("Taken back")
    expect(page.locator(".head .badge")).to_have_count(0)

    delete_person(page, address)
    told(page).get_by_role("button", name="Undo").click()
    expect(told(page)).to_contain_text("Taken back")
    page.goto(address)
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    delete_person(page, address)


def test_whoever_saves_second_is_told_and_keeps_what_they_wrote(page: Page, as_role: SignIn, name: str) -> None:
    address = add_person(page, name)
    page.goto(address + "/edit")
    other = as_role("manager")
    other.goto(address + "/edit")
    other.get_by_label("Name").fill(name + " first")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", name=name + " first")).to_be_visible()

    page.get_by_label("Name").fill(name + " second")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody changed it meanwhile.")
    expect(page.get_by_label("Name")).to_have_value(name + " second")
    expect(page.get_by_text(name + " first").last).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name + " second")).to_be_visible()
    delete_person(page, address)


def test_an_email_that_is_taken_is_told_at_the_form(page: Page, name: str) -> None:
    page.goto("/console/people?search=ibanez")
    email = page.locator("#found tbody td").filter(has_text="@").first.inner_text()
    page.goto("/console/people/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("has this e-mail already")
    expect(page.get_by_label("Name")).to_have_value(name)


def test_the_list_is_searched_while_typing_and_the_address_keeps_it(page: Page) -> None:
    page.goto("/console/people")
    everybody = page.locator("#found tbody tr").count()
    page.get_by_label("Name, e-mail or account").press_sequentially("ibanez")
    expect(page).to_have_url(re.compile("search=ibanez"))
    expect(page.locator("#found mark").first).to_be_visible()
    assert page.locator("#found tbody tr").count() < everybody
    page.get_by_label("Status").select_option("inactive")
    expect(page).to_have_url(re.compile("status=inactive"))
    page.goto("/console/people")
    page.get_by_role("link", name="More").click()
    expect(page.locator("#found tbody tr").nth(everybody)).to_be_visible()


def test_the_timeline_is_narrowed_and_the_address_keeps_it(page: Page) -> None:
    page.goto("/console/people?search=ibanez")
    page.locator("#found tbody a").first.click()
    page.get_by_label("Source").select_option("jira")
    expect(page).to_have_url(re.compile("source=jira"))
    expect(page.locator("#activity .badge", has_text="GitLab")).to_have_count(0)
    expect(page.locator("#activity .badge", has_text="Jira").first).to_be_visible()
    page.get_by_label("What", exact=True).select_option("work_item_transitioned")
    expect(page).to_have_url(re.compile("type=work_item_transitioned"))
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("to=2026-01-01"))
    page.reload()
    expect(page.get_by_label("Source")).to_have_value("jira")
    expect(page.get_by_label("From")).to_have_value("2026-01-01")


def test_an_account_is_linked_contested_and_each_is_taken_back(page: Page, name: str) -> None:
    address = add_person(page, name)
    page.goto(address + "/accounts")
    page.get_by_label("Name, login or e-mail of an account").press_sequentially("ghost")
    page.locator("#orphans").get_by_role("radio").first.check()
    page.locator("#orphans").get_by_label("Why").fill("it is a probe")
    page.get_by_role("button", name="Link to this person").click()
    expect(told(page)).to_contain_text("The account is theirs now.")
    expect(page.locator("main table .badge")).to_have_text("Confirmed")

    page.locator("summary", has_text="This is wrong").click()
    page.get_by_label("Why", exact=True).fill("not mine")
    page.get_by_role("button", name="Contest").click()
    expect(told(page)).to_contain_text("waits in the queue")
    expect(page.locator("main table .badge")).to_have_text("Waits for a decision")
    told(page).get_by_role("button", name="Undo").click()
    expect(page.locator("main table .badge")).to_have_text("Confirmed")

    page.get_by_role("link", name="Decisions").click()
    line = page.get_by_role("row").filter(has_text="Account linked").filter(has_text="it is a probe")
    line.get_by_role("button", name="Undo").click()
    expect(told(page)).to_contain_text("Taken back")
    page.get_by_role("link", name="Accounts").click()
    expect(page.get_by_role("heading", name="No accounts")).to_be_visible()
    delete_person(page, address)


def test_two_people_are_merged_and_taken_apart_again(page: Page, name: str) -> None:
    one, two = add_person(page, name + " A"), add_person(page, name + " B")
    page.goto(one + "/merge")
    page.get_by_label("Who is the same as").press_sequentially(name + " B")
    page.get_by_role("link", name=name + " B").click()
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("heading", name=name + " B")).to_be_visible()
    expect(told(page)).to_contain_text("one person now")
    page.goto(one)
    expect(page.get_by_text("turned out to be another one")).to_be_visible()
    page.goto(one + "/history")
    page.get_by_role("button", name=re.compile(r"Undo\s*: Merged")).first.click()
    expect(told(page)).to_contain_text("Taken back")
    delete_person(page, one)
    delete_person(page, two)


def test_whoever_may_not_change_people_is_offered_nothing_to(as_role: SignIn) -> None:
    page = as_role("viewer")
    page.goto("/console/people")
    expect(page.get_by_role("link", name="Add a person")).to_have_count(0)
    page.locator("#found tbody a").first.click()
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    expect(page.get_by_role("link", name="Who looked")).to_have_count(0)
    page.goto("/console/people/new")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_a_manager_sees_who_looked(as_role: SignIn) -> None:
    viewer = as_role("viewer")
    viewer.goto("/console/people")
    viewer.locator("#found tbody a").first.click()
    expect(viewer.locator("#activity")).to_be_visible()
    manager = as_role("manager")
    manager.goto(viewer.url)
    manager.get_by_role("link", name="Who looked").click()
    expect(manager.get_by_role("cell", name="A viewer").first).to_be_visible()


async def _own_token(stack: Stack, person_id: UUID) -> str:
    database = Database((stack.state / "secrets/owner/ovia_database_url").read_text(), size=1, name="browser tests")
    await database.open()
    try:
        (organisation,) = await operations.organisations(database)
        _, text = await operations.issue_token(
            database, organisation.id, name="Their own", role=Role.VIEWER, actor="tests", person_id=person_id
        )
        return text
    finally:
        await database.close()


def test_the_person_themself_sees_who_looked_and_contests_an_account(
    page: Page, browser: Browser, contexts: list[BrowserContext], stack: Stack
) -> None:
    page.goto("/console/people?search=ibanez")
    page.locator("#found tbody a").first.click()
    expect(page.locator("#activity")).to_be_visible()
    address = page.url
    person_id = UUID(address.rsplit("/", 1)[1])
    with ThreadPoolExecutor(1) as thread:
        token = thread.submit(asyncio.run, _own_token(stack, person_id)).result()
    contexts.append(browser.new_context(viewport=LAPTOP, base_url=stack.address, locale="en-GB"))  # type: ignore[arg-type]
    own = contexts[-1].new_page()
    own.goto("/console/sign-in?next=" + address.removeprefix(stack.address))
    own.get_by_label("Access token").fill(token)
    own.get_by_role("button", name="Sign in").click()
    expect(own.get_by_text("This is you")).to_be_visible()
    own.get_by_role("link", name="Who looked").click()
    expect(own.get_by_role("cell", name="A admin").first).to_be_visible()
    own.get_by_role("link", name="Accounts").click()
    own.locator("summary", has_text="This is wrong").first.click()
    own.get_by_label("Why", exact=True).first.fill("this one is my namesake's")
    own.get_by_role("button", name="Contest").first.click()
    expect(told(own)).to_contain_text("waits in the queue")
    # They may say so, and not decide: taking it back is for those who decide.
    expect(told(own).get_by_role("button")).to_have_count(0)
    page.goto(address + "/history")
    page.get_by_role("row").filter(has_text="namesake").get_by_role("button", name="Undo").click()
    expect(told(page)).to_contain_text("Taken back")


def test_a_list_is_tried_line_by_line_before_anything_is_written(page: Page, name: str) -> None:
    page.goto("/console/people/import")
    text = f"name,email\n{name},not an address\nAnother {name},ok@probe.example\n"
    page.get_by_label("CSV with a header").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Try without writing").click()
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="not an address").get_by_text("Error")).to_be_visible()
    expect(rows.filter(has_text="ok@probe.example").get_by_text("New")).to_be_visible()
    expect(page.get_by_role("button", name="Import all lines")).to_have_count(0)
    page.goto(f"/console/people?search={name}")
    expect(page.get_by_role("heading", name="Nobody matches")).to_be_visible()


def test_forms_work_without_scripts(as_role: SignIn, name: str) -> None:
    page = as_role("manager", java_script_enabled=False)
    address = add_person(page, name)
    page.goto(f"/console/people?search={name}")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    delete_person(page, address)


def test_people_are_shown_in_russian(as_role: SignIn) -> None:
    page = as_role("manager", locale="ru-RU")
    page.goto("/console/people?search=ibanez")
    page.locator("#found tbody a").first.click()
    expect(page.get_by_role("link", name="Кто смотрел")).to_be_visible()
    expect(page.get_by_label("Источник")).to_be_visible()


def test_a_hostile_name_is_only_a_name(page: Page, name: str) -> None:
    hostile = f"<img src=x onerror=alert(1)>{name}"
    address = add_person(page, hostile)
    page.goto(f"/console/people?search={name}")
    expect(page.get_by_role("link", name=hostile)).to_be_visible()
    assert page.locator("main img").count() == 0
    delete_person(page, address)
