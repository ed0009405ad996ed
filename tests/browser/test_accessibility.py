"""WCAG 2.2 AA on every page, as axe-core judges it, in both colours."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.browser.places import all_places, settled

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def faults(page: Page) -> list[str]:
    """What breaks a rule, with where. Dots of a chart may be small: the table below has the same links."""
    found = []
    for violation in Axe().run(page, options=RULES).response["violations"]:
        for node in violation["nodes"]:
            if violation["id"] == "target-size" and "circle" in node["html"]:
                continue
            found.append(f"{page.url} {violation['id']}: {node['target']} {node['html'][:120]}")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(as_role: SignIn, scheme: str) -> None:
    page = as_role("admin", color_scheme=scheme)
    found = []
    for path in all_places(page):
        settled(page, path)
        found += faults(page)
    assert not found, "\n".join(found)


def test_whoever_signs_in_meets_no_barrier(page: Page) -> None:
    page.context.clear_cookies()
    settled(page, "/console/sign-in")
    assert not faults(page)
