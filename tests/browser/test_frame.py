"""What every page has: signing in and out, languages, colours, states."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SignIn, Stack


def test_whoever_is_not_signed_in_is_led_to_the_page_they_wanted(browser: Browser, stack: Stack) -> None:
    page = browser.new_context(base_url=stack.address, locale="en-GB").new_page()
    page.goto("/console/people?search=an")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Access token").fill("ovia_nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This token is wrong, expired or revoked.")).to_be_visible()
    page.get_by_label("Access token").fill(stack.tokens["viewer"])  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/console/people\?search=an$"))
    page.context.close()


def test_signing_out_forgets_the_token_in_this_browser(page: Page) -> None:
    page.goto("/console/people")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/console/people")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_reader_chooses_language_and_colours_and_keeps_them(as_role: SignIn) -> None:
    page = as_role("viewer")
    page.goto("/console/people")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Люди")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "ru"
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Тёмные").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto("/console/people")
    expect(page.get_by_role("heading", name="Люди")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_browser_that_prefers_russian_is_answered_in_russian(as_role: SignIn) -> None:
    page = as_role("viewer", locale="ru-RU")
    page.goto("/console/people")
    expect(page.get_by_role("heading", name="Люди")).to_be_visible()


def test_the_keyboard_alone_reaches_every_page(page: Page) -> None:
    page.goto("/console/people")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert [one for one in reached if one in ("Dashboard", "People", "Ask")] == ["Dashboard", "People", "Ask"]


def test_an_address_that_leads_nowhere_says_so(page: Page) -> None:
    answer = page.goto("/console/no/such/page")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


@pytest.mark.parametrize("path", ["/console/people", "/console/no/such/page", "/console/sign-in"])
def test_no_page_runs_what_somebody_managed_to_write_into_it(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert not page.locator("[style], script:not([src]), [onclick]").count()
