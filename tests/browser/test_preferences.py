"""Settings: sources, numbers, matching, tokens, the audit log, and what is for admins only."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn

SETTINGS = "/console/settings"
ADMIN_ONLY = ["/tokens", "/tokens/new", "/audit-log", "/retention", "/erase", "/sources/new"]


def unique(what: str) -> str:
    return f"{what} {uuid.uuid4().hex[:8]}"


def test_a_source_is_tested_before_it_is_kept_and_says_step_by_step_what_is_wrong(page: Page) -> None:
    page.goto(f"{SETTINGS}/sources/new?kind=gitlab")
    page.get_by_label("Address").fill("http://127.0.0.1:1/nothing")
    page.get_by_label("Token").fill("some-token")
    page.get_by_role("button", name="Test").click()
    report = page.locator("#source-result")
    expect(report).to_contain_text("It does not work yet")
    expect(report).to_contain_text("Connection")
    # What was typed stays, so that only what was wrong is typed again.
    expect(page.get_by_label("Token")).to_have_value("some-token")
    page.get_by_role("button", name="Connect").click()
    expect(report).to_contain_text("It was not kept")


def test_a_source_is_added_changed_paused_told_of_and_removed(page: Page) -> None:
    name = unique("Source")
    page.goto(f"{SETTINGS}/sources/new?kind=gitlab")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Address").fill(f"http://127.0.0.1:1/{uuid.uuid4().hex}")
    page.get_by_label("Token").fill("a-secret-token")
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Keep it all the same").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_text("Added. Reading begins within a minute.")).to_be_visible()
    assert "a-secret-token" not in page.content()

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. Nothing is read until it is resumed.")).to_be_visible()
    page.get_by_role("button", name="Take deliveries").click()
    secret = page.get_by_label("Secret", exact=True)
    expect(secret).to_have_value(re.compile("^whsec_"))
    assert page.get_by_label("Address for deliveries").input_value().startswith("http")
    page.goto(page.url.removesuffix("/webhook"))
    expect(secret).to_have_count(0)

    page.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Token")).to_have_value("")
    page.get_by_label("Name").fill(f"{name} b")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name=f"{name} b")).to_be_visible()

    page.get_by_role("link", name="Remove it").click()
    page.get_by_label(re.compile("is deleted for good")).check()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("This is not its name.")).to_be_visible()
    page.get_by_label("To delete what was read, repeat its name").fill(f"{name} b")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("Being deleted").or_(page.get_by_text("There is nothing here")).first).to_be_visible()


def test_a_stored_source_is_tested_in_place(page: Page) -> None:
    page.goto(SETTINGS)
    page.get_by_role("link", name="Jira").click()
    page.get_by_role("button", name="Test").click()
    expect(page.locator("#report")).to_contain_text("It works")


def test_a_setting_is_looked_at_before_it_is_chosen(page: Page) -> None:
    page.goto(f"{SETTINGS}/numbers/staleness")
    days = page.get_by_label("Days")
    before = days.input_value()
    days.fill(str(float(before) + 3))
    page.get_by_role("button", name="See what it changes").click()
    expect(page.get_by_role("heading", name="Numbers", exact=True)).to_be_visible(timeout=120_000)
    expect(page.get_by_role("row", name=re.compile("Release risk")).first).to_be_visible()
    page.get_by_role("link", name="Back to the form").click()
    expect(days).to_have_value(re.compile(rf"^{float(before) + 3:g}$"))
    page.get_by_role("link", name="Numbers and answers").first.click()
    page.get_by_role("link", name="Stale merge requests").click()
    expect(days).to_have_value(before)


def test_two_who_choose_at_once_do_not_overwrite_each_other(as_role: SignIn) -> None:
    one, other = as_role("manager"), as_role("manager")
    for page in (one, other):
        page.goto(f"{SETTINGS}/numbers/privacy")
    before = one.get_by_label("People in the smallest group").input_value()
    one.get_by_label("People in the smallest group").fill(str(int(before) + 1))
    one.get_by_role("button", name="Choose it").click()
    expect(one.get_by_text("It holds at once.")).to_be_visible()
    other.get_by_label("People in the smallest group").fill(str(int(before) + 2))
    other.get_by_role("button", name="Choose it").click()
    expect(other.get_by_text("Somebody else chose meanwhile; nothing was changed.")).to_be_visible()
    one.get_by_label("People in the smallest group").fill(before)
    one.get_by_role("button", name="Choose it").click()
    expect(one.get_by_text("It holds at once.")).to_be_visible()


def test_what_is_wrong_stands_beside_its_field(page: Page) -> None:
    page.goto(f"{SETTINGS}/numbers/production")
    page.get_by_label("Tags that are releases").fill("(")
    page.get_by_role("button", name="Choose it").click()
    expect(page.get_by_label("Tags that are releases")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-release_tags-note")).to_contain_text("regular expression")


def test_matching_shows_what_it_would_change(page: Page) -> None:
    page.goto(f"{SETTINGS}/matching")
    page.get_by_label("Linked from").fill("0.97")
    page.get_by_role("button", name="See what it changes").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Linked from")).to_have_value("0.97")


def test_a_token_is_shown_once_changed_and_revoked(page: Page, as_role: SignIn) -> None:
    name = unique("Token")
    page.goto(f"{SETTINGS}/tokens")
    page.get_by_role("link", name="Issue a token").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Role").select_option("analyst")
    page.get_by_role("button", name="Issue").click()
    secret = page.locator("#secret").input_value()
    assert secret.startswith("ovia_")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    page.get_by_role("link", name="I have it").click()
    assert secret not in page.content()

    page.get_by_role("link", name=name).click()
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Changed.", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Revoke")).click()
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_text("Revoked: it opens nothing any more.")).to_be_visible()
    page.goto(f"{SETTINGS}/audit-log?search={name.replace(' ', '+')}&action=revoke")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_person_is_suggested_and_erasing_shows_first_what_would_go(page: Page) -> None:
    page.goto("/console/people")
    name = page.locator("tbody th").first.inner_text()
    page.goto(f"{SETTINGS}/erase")
    field = page.get_by_label("Whom")
    field.press_sequentially(name[:4])
    expect(page.locator("#people-found option").first).to_be_attached()
    field.fill(page.locator("#people-found option").first.get_attribute("value") or "")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="See what would go").click()
    expect(page.get_by_text("Called from then on").or_(page.get_by_text("It cannot be done now:"))).to_be_visible()
    if page.get_by_role("button", name="Erase for good").count():
        page.get_by_label("Repeat the name exactly as it is shown").fill("nobody at all")
        page.get_by_role("button", name="Erase for good").click()
        expect(page.get_by_text("This is not the name that is shown.")).to_be_visible()


def test_retention_and_roles_are_explained(page: Page) -> None:
    page.goto(f"{SETTINGS}/retention")
    expect(page.get_by_role("row", name=re.compile("OVIA_AUDIT_RETENTION_DAYS"))).to_contain_text("90 days")
    page.goto(f"{SETTINGS}/roles")
    expect(page.get_by_role("row", name=re.compile("Erase a person"))).to_contain_text("Yes")


@pytest.mark.parametrize("path", ADMIN_ONLY)
def test_what_is_for_admins_is_kept_from_managers(as_role: SignIn, path: str) -> None:
    page = as_role("manager", locale="ru-RU")
    answer = page.goto(f"{SETTINGS}{path}")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Не для вашей роли")).to_be_visible()


def test_without_scripts_a_source_is_tested_and_a_setting_refused(as_role: SignIn) -> None:
    page = as_role("admin", java_script_enabled=False)
    page.goto(f"{SETTINGS}/sources/new?kind=gitlab")
    page.get_by_label("Address").fill("http://127.0.0.1:1/nothing")
    page.get_by_label("Token").fill("some-token")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("It does not work yet")).to_be_visible()
    assert "some-token" not in page.content()
    page.goto(f"{SETTINGS}/numbers/staleness")
    page.get_by_label("Days").fill("5000")
    page.get_by_role("button", name="Choose it").click()
    expect(page.get_by_label("Days")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("path", ["", "/numbers", "/numbers/ask", "/tokens", "/audit-log", "/matching"])
def test_on_a_phone_nothing_is_wider_than_the_screen(as_role: SignIn, path: str) -> None:
    page = as_role("admin", viewport={"width": 390, "height": 844})
    page.goto(f"{SETTINGS}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
