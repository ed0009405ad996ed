"""The conflict queue by keyboard and by mouse: decisions, races, refusals, and how many keys it takes."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from tests.browser.conflicts import Waiting, add_conflicts
from tests.browser.conftest import SignIn, Stack

QUEUE = "/console/queue?search={}"
Make = Callable[[str, int], list[Waiting]]


@pytest.fixture
def conflicts(stack: Stack) -> Make:
    """Adds conflicts, found by a word of their own."""
    dsn = (stack.state / "secrets/owner/ovia_database_url").read_text()
    return lambda tag, count: add_conflicts(dsn, tag, count)


@pytest.fixture
def manager(as_role: SignIn) -> Page:
    page = as_role("manager")

    def unasked(dialog: Dialog) -> None:
        raise AssertionError(f"the page asked {dialog.message!r}")

    page.on("dialog", unasked)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator("table.queue tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def settled(page: Page) -> None:
    """Nothing is on its way to the server any more."""
    expect(page.locator("table.queue tr[aria-busy]")).to_have_count(0)


def test_a_manager_resolves_fifty_conflicts_with_at_most_three_keys_each(manager: Page, conflicts: Make) -> None:
    word = conflicts("Zephyrine", 50)[0].word
    manager.goto(QUEUE.format(word))
    expect(manager.locator("table.queue tbody tr[data-account]")).to_have_count(25)
    pressed = 0

    def press(key: str) -> None:
        nonlocal pressed
        pressed += 1
        manager.keyboard.press(key)

    begun = time.monotonic()
    for number in range(50):
        now = manager.locator("table.queue tr[aria-current]")
        expect(now).to_have_attribute("data-status", "conflict")
        account = now.get_attribute("data-account")
        if number % 10 == 7:
            press("s")
            expect(manager.get_by_label("Name of the new person")).to_be_focused()
            press("Enter")
        elif number % 10 == 4:
            press("r")
            expect(manager.get_by_label("Search among people")).to_be_focused()
            press("Enter")
        else:
            press({3: "i", 6: "x"}.get(number % 10, "c"))
        if number < 49:
            expect(manager.locator("table.queue tr[aria-current]")).not_to_have_attribute("data-account", account or "")
    settled(manager)
    minutes = (time.monotonic() - begun) / 60
    expect(manager.locator("table.queue tr[data-status=conflict]")).to_have_count(0)
    assert pressed <= 3 * 50, f"{pressed} keys for 50 decisions"
    assert pressed / 50 < 1.5
    assert minutes < 10, f"{minutes:.1f} minutes"
    manager.goto(QUEUE.format(word))
    # Of the five that were rejected the engine may find another person meanwhile, and asks about that one.
    assert manager.locator("table.queue tbody tr[data-account]").count() <= 5


def test_a_decision_shows_at_once_and_undo_brings_back_what_was(manager: Page, conflicts: Make) -> None:
    (first, second) = conflicts("Quixada", 2)
    held: list[Route] = []
    manager.route("**/confirm", lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks the function)
    manager.goto(QUEUE.format(first.word))
    manager.keyboard.press("c")
    expect(row(manager, first.account)).to_contain_text("Verified")
    expect(row(manager, first.account)).to_have_attribute("aria-busy", "true")
    expect(row(manager, second.account)).to_have_attribute("aria-current", "true")
    held[0].continue_()
    settled(manager)
    expect(row(manager, first.account)).to_have_attribute("data-status", "verified")
    expect(row(manager, first.account)).to_contain_text("A manager")
    manager.keyboard.press("u")
    expect(row(manager, first.account)).to_have_attribute("data-status", "conflict")
    manager.keyboard.press("u")
    expect(manager.locator("#notices")).to_contain_text("nothing of yours to undo")
    manager.reload()
    expect(row(manager, first.account)).to_contain_text("Conflict")


def test_two_people_who_race_see_who_was_quicker_and_lose_nothing(as_role: SignIn, conflicts: Make) -> None:
    (one,) = conflicts("Racine", 1)
    quick, slow = as_role("manager"), as_role("analyst")
    for page in (quick, slow):
        page.goto(QUEUE.format(one.word))
        expect(row(page, one.account)).to_contain_text("Conflict")
    quick.keyboard.press("c")
    settled(quick)
    expect(row(quick, one.account)).to_have_attribute("data-status", "verified")
    slow.keyboard.press("x")
    expect(row(slow, one.account)).to_have_class(re.compile("refused"))
    expect(row(slow, one.account)).to_contain_text("Verified")
    expect(slow.locator("#notices")).to_contain_text("A manager was quicker and decided: confirmed")
    quick.reload()
    quick.goto(f"/console/queue?tab=mappings&search={one.word}")
    expect(row(quick, one.account)).to_have_attribute("data-status", "verified")
    slow.keyboard.press("Enter")
    history = slow.locator(".queue-history li")
    expect(history).to_have_count(2)
    expect(history.first).to_contain_text("A manager: confirmed")


def test_a_server_that_fails_leaves_the_row_as_it_was(manager: Page, conflicts: Make) -> None:
    (one,) = conflicts("Stormi", 1)
    manager.route("**/ignore", lambda route: route.fulfill(status=503, body=""))
    manager.goto(QUEUE.format(one.word))
    manager.keyboard.press("i")
    expect(manager.locator("#notices")).to_contain_text("the row is as it was")
    expect(row(manager, one.account)).to_have_class(re.compile("refused"))
    expect(row(manager, one.account)).to_contain_text("Conflict")
    manager.unroute("**/ignore")
    manager.keyboard.press("k")
    manager.keyboard.press("i")
    settled(manager)
    expect(row(manager, one.account)).to_have_attribute("data-status", "ignored")


def test_an_account_is_remapped_to_whom_a_search_finds(manager: Page, conflicts: Make) -> None:
    (one, _) = conflicts("Remapa", 2)
    (other,) = conflicts("Otheria", 1)
    manager.goto(QUEUE.format(one.word))
    manager.keyboard.press("r")
    manager.get_by_label("Search among people").fill(other.person)
    expect(manager.locator("#offered").get_by_role("radio")).to_have_count(1)
    manager.keyboard.press("Enter")
    settled(manager)
    expect(row(manager, one.account)).to_contain_text(other.person)
    expect(row(manager, one.account)).to_have_attribute("data-status", "verified")


def test_the_drawer_tells_why_and_what_was_decided(manager: Page, conflicts: Make) -> None:
    (one, other) = conflicts("Drawera", 2)
    manager.goto(QUEUE.format(one.word))
    manager.keyboard.press("Enter")
    drawer = manager.get_by_role("complementary", name="Details")
    expect(drawer.get_by_role("heading", name=one.account)).to_be_visible()
    expect(drawer.get_by_role("rowheader", name="same last name, another first name")).to_be_visible()
    expect(drawer.locator("svg.step")).to_have_count(3)
    expect(drawer.get_by_role("heading", name="Both sides")).to_be_visible()
    expect(drawer.get_by_role("heading", name="Who else it could be")).to_be_visible()
    manager.keyboard.press("j")
    expect(drawer.get_by_role("heading", name=other.account)).to_be_visible()
    manager.keyboard.press("k")
    expect(drawer.get_by_role("heading", name=one.account)).to_be_visible()
    drawer.get_by_role("button", name="Confirm").click()
    settled(manager)
    manager.keyboard.press("k")
    expect(drawer.get_by_role("heading", name=one.account)).to_be_visible()
    drawer.get_by_role("button", name="Undo confirmed").click()
    expect(row(manager, one.account)).to_have_attribute("data-status", "conflict")
    expect(drawer).to_contain_text("taken back since")
    manager.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(row(manager, one.account)).to_be_focused()


def test_filters_stay_in_the_address_and_a_page_has_twenty_five_rows(manager: Page, conflicts: Make) -> None:
    word = conflicts("Filtera", 27)[0].word
    manager.goto("/console/queue")
    manager.keyboard.press("/")
    expect(manager.get_by_label("Name, login or e-mail")).to_be_focused()
    manager.keyboard.type(word)
    manager.keyboard.press("Enter")
    manager.wait_for_url(f"**/console/queue?search={word}")
    expect(manager.get_by_text("27 accounts")).to_be_visible()
    rows = manager.locator("table.queue tbody tr[data-account]")
    expect(rows).to_have_count(25)
    manager.get_by_role("link", name="Next 25").click()
    expect(rows).to_have_count(27)
    manager.get_by_label("Source").select_option("gitlab")
    manager.wait_for_url(re.compile("source=gitlab"))
    expect(manager.get_by_role("heading", name="Nothing matches")).to_be_visible()
    manager.goto("/console/queue?min=80&max=20")
    expect(manager.get_by_text("The lower bound is above the upper one.")).to_be_visible()


def test_many_are_confirmed_behind_a_preview_that_says_what_changes(manager: Page, conflicts: Make) -> None:
    word = conflicts("Bulka", 3)[0].word
    manager.goto("/console/queue")
    manager.get_by_role("link", name="Confirm many").click()
    manager.get_by_label("Confidence from, %").fill("94.5")
    manager.get_by_label("Source").select_option("gitlab")
    manager.get_by_role("button", name="See what would change").click()
    would = manager.get_by_role("heading", name=re.compile("would be confirmed"))
    expect(would).to_be_visible()
    expect(manager.get_by_text("Accounts verified")).to_be_visible()
    expect(manager.get_by_role("link", name=re.compile(f"^{word[:-1]} ")).first).to_be_visible()
    count = re.findall(r"\d+", would.inner_text())[0]
    manager.get_by_role("button", name=f"Confirm {count} mappings").click()
    expect(manager.get_by_role("heading", name=f"{count} mappings are confirmed")).to_be_visible()
    manager.get_by_role("button", name="Undo all of it").click()
    expect(manager.get_by_text("Decided.")).to_be_visible()
    manager.goto(f"/console/queue?tab=mappings&search={word[:-1]}&status=auto")
    expect(manager.locator("table.queue tbody tr[data-account]")).to_have_count(3)


def test_the_list_comes_as_a_file(manager: Page, conflicts: Make) -> None:
    (one,) = conflicts("Exporta", 1)
    manager.goto(QUEUE.format(one.word))
    with manager.expect_download() as started:
        manager.get_by_role("link", name="Export as CSV").click()
    text = started.value.path().read_text("utf-8-sig")
    assert text.startswith("mapping_id,")
    assert one.account in text


def test_a_viewer_looks_and_decides_nothing(as_role: SignIn, conflicts: Make) -> None:
    (one,) = conflicts("Viewera", 1)
    viewer = as_role("viewer")
    viewer.goto(QUEUE.format(one.word))
    viewer.keyboard.press("c")
    expect(viewer.locator("#notices")).to_contain_text("Your role may look")
    viewer.keyboard.press("Enter")
    drawer = viewer.get_by_role("complementary", name="Details")
    expect(drawer.get_by_role("heading", name="Why")).to_be_visible()
    expect(drawer.get_by_role("button", name="Confirm")).to_have_count(0)
    expect(row(viewer, one.account)).to_contain_text("Conflict")
    viewer.goto("/console/queue/bulk")
    expect(viewer.get_by_role("heading", name="Not for your role")).to_be_visible()


def test_without_scripts_the_same_is_done_by_forms(as_role: SignIn, conflicts: Make) -> None:
    (one,) = conflicts("Plaina", 1)
    page = as_role("manager", java_script_enabled=False)
    page.goto(QUEUE.format(one.word))
    page.get_by_role("link", name=one.account).click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Decided.")).to_be_visible()
    expect(page.get_by_text("Verified", exact=True).first).to_be_visible()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Conflict", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Split …").click()
    page.get_by_label("Name of the new person").fill("Plaina Renamed")
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_role("link", name="Plaina Renamed").first).to_be_visible()


def test_the_help_lists_the_keys_and_turns_them_off(manager: Page, conflicts: Make) -> None:
    (one,) = conflicts("Helpa", 1)
    manager.goto(QUEUE.format(one.word))
    manager.keyboard.press("?")
    help_ = manager.get_by_role("dialog", name="Keys")
    expect(help_).to_contain_text("undo the last decision of this page")
    help_.get_by_label("Single keys decide").uncheck()
    manager.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    manager.keyboard.press("c")
    expect(row(manager, one.account)).to_contain_text("Conflict")
