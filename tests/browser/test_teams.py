"""Teams and products: the tree, dated memberships by form and by dragging, lists, projects."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_people import add_person, delete_person, told


@pytest.fixture
def name() -> str:
    return f"Probe {uuid4().hex[:8]}"


def add_team(page: Page, name: str) -> str:
    page.goto("/console/teams/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return re.sub(r"\?.*", "", page.url)


def delete_team(page: Page, address: str) -> None:
    page.goto(address + "/edit")
    page.get_by_text("Delete this team …").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(told(page)).to_contain_text("Deleted.")


def add_member(page: Page, team: str, person: str, since: str) -> None:
    page.goto(team + "/members/add")
    page.get_by_label("Who").first.press_sequentially(person)
    expect(page.get_by_role("radio", name=person)).to_be_checked()
    page.get_by_label("First day").fill(since)
    page.get_by_label("Role").fill("tester")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#members").get_by_role("link", name=person, exact=True)).to_be_visible()


def take_out(page: Page, team: str) -> None:
    page.goto(team)
    page.get_by_role("link", name=re.compile("^Change")).first.click()
    page.get_by_text("Take the membership out …").click()
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(told(page)).to_contain_text("Taken out")


def test_a_member_is_dragged_onto_another_team_from_a_day_on(page: Page, name: str) -> None:
    person = add_person(page, name)
    one, two = add_team(page, name + " one"), add_team(page, name + " two")
    add_member(page, one, name, "2026-03-01")

    page.goto(one)
    page.locator("tr[data-member] td").first.drag_to(page.locator(f'[data-team="{two.rsplit("/", 1)[1]}"]'))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Into the team")).to_have_value(two.rsplit("/", 1)[1])
    dialog.get_by_label("From the day").fill("2026-06-01")
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_role("heading", name=name + " two")).to_be_visible()
    expect(page.locator("#members")).to_contain_text(name)

    page.goto(one)
    expect(page.get_by_role("heading", name="Nobody is in this team")).to_be_visible()
    page.get_by_label("On the day").fill("2026-05-31")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#members").get_by_role("link", name=name, exact=True)).to_be_visible()

    take_out(page, two)
    delete_team(page, one)
    delete_team(page, two)
    delete_person(page, person)


def test_a_membership_is_moved_and_ended_by_form_alone(as_role: SignIn, name: str) -> None:
    page = as_role("manager", java_script_enabled=False)
    person = add_person(page, name)
    one, two = add_team(page, name + " one"), add_team(page, name + " two")
    page.goto(f"{one}/members/add?find={name}")
    page.get_by_label("First day").fill("2026-03-01")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name=re.compile("^Change")).click()
    page.get_by_label("Into the team").select_option(label=name + " two")
    page.get_by_label("From the day").fill("2026-03-01")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("alert")).to_contain_text("behind the first day")
    expect(page.get_by_label("Into the team")).to_have_value(two.rsplit("/", 1)[1])
    page.get_by_label("From the day").fill("2026-04-01")
    page.get_by_role("button", name="Move").click()
    page.get_by_role("link", name=re.compile("^Change")).click()
    page.get_by_label("Last day").fill("2026-09-30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nobody is in this team")).to_be_visible()
    page.goto(f"{two}?at=2026-09-30")
    expect(page.locator("#members")).to_contain_text("30")
    page.goto(f"{two}?at=2026-10-01")
    expect(page.get_by_role("heading", name="Nobody was in this team on that day")).to_be_visible()
    delete_team(page, one)
    delete_team(page, two)
    delete_person(page, person)


def test_whoever_corrects_a_membership_second_is_told_and_keeps_what_they_wrote(
    page: Page, as_role: SignIn, name: str
) -> None:
    person, team = add_person(page, name), add_team(page, name)
    add_member(page, team, name, "2026-03-01")
    other = as_role("manager")
    for one in (page, other):
        one.goto(team)
        one.get_by_role("link", name=re.compile("^Change")).click()
    other.get_by_label("Role").fill("first")
    other.get_by_role("button", name="Save").click()
    expect(told(other)).to_contain_text("Saved.")
    page.get_by_label("Role").fill("second")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody changed it meanwhile.")
    expect(page.get_by_label("Role")).to_have_value("second")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#members")).to_contain_text("second")
    take_out(page, team)
    delete_team(page, team)
    delete_person(page, person)


def test_a_team_is_renamed_moved_and_deleted_into_another(page: Page, as_role: SignIn, name: str) -> None:
    above, below = add_team(page, name + " above"), add_team(page, name + " below")
    page.goto(below + "/edit")
    other = as_role("manager")
    other.goto(below + "/edit")
    other.get_by_label("Below").select_option(label=name + " above")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".crumbs")).to_contain_text(name + " above")
    page.get_by_label("Name").fill(name + " renamed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody changed it meanwhile.")
    expect(page.get_by_label("Name")).to_have_value(name + " renamed")
    page.goto(above)
    page.locator("summary", has_text="1 team below").last.click()
    page.goto(above + "/edit")
    page.get_by_text("Delete this team …").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("sub-teams")
    delete_team(page, below)
    delete_team(page, above)


def test_a_list_of_teams_is_tried_and_then_taken(page: Page, name: str) -> None:
    page.goto("/console/teams/import")
    page.get_by_label("CSV with a header").set_input_files(
        {"name": "teams.csv", "mimeType": "text/csv", "buffer": f"team\n{name}\n".encode()}
    )
    page.get_by_role("button", name="Try without writing").click()
    expect(page.get_by_role("row").filter(has_text=name).get_by_text("New")).to_be_visible()
    page.get_by_role("button", name="Import all lines").click()
    expect(told(page)).to_contain_text("The list is imported.")
    page.get_by_role("link", name=re.compile(name)).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    delete_team(page, page.url)


def test_teams_are_exported_as_the_import_takes_them(page: Page) -> None:
    page.goto("/console/teams")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert download.value.path().read_text(encoding="utf-8-sig").startswith("team,")


def test_a_product_is_made_of_projects(page: Page, name: str) -> None:
    page.goto("/console/teams/products/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("No projects yet")).to_be_visible()
    page.get_by_label("Name or key").press_sequentially("firmware")
    expect(page.locator("#projects tbody tr")).to_have_count(1)
    page.locator("#projects").get_by_role("button", name=re.compile("^Add")).click()
    expect(page.get_by_role("button", name=re.compile(r"Remove\s*: Firmware"))).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Remove\s*: Firmware")).click()
    expect(page.get_by_text("No projects yet")).to_be_visible()
    page.get_by_role("textbox", name="Description").fill("for a test")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("textbox", name="Description")).to_have_value("for a test")
    page.get_by_text("Delete this product …").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(told(page)).to_contain_text("Deleted.")


def test_whoever_only_reads_sees_the_tree_and_changes_nothing(as_role: SignIn) -> None:
    page = as_role("viewer")
    page.goto("/console/teams")
    expect(page.get_by_role("link", name="Add a team")).to_have_count(0)
    page.locator("[data-team]").nth(1).click()
    expect(page.locator("#members tbody tr").first).to_be_visible()
    expect(page.locator("[draggable=true]")).to_have_count(0)
    page.goto("/console/teams/new")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()
