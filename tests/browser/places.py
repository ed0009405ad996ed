"""Every page of the console by its address, for what looks at all of them."""

import re

from playwright.sync_api import Page

FIXED = (
    "/console/", "/console/kpi", "/console/kpi/delivery_health", "/console/kpi/review.first_response_hours",
    "/console/risks",
    "/console/flow", "/console/flow/cycle-time", "/console/flow/cumulative", "/console/flow/value-stream",
    "/console/flow/deployments", "/console/flow/sprints", "/console/flow/forecast", "/console/queue",
    "/console/queue?tab=mappings", "/console/queue?tab=orphans", "/console/people", "/console/people/import",
    "/console/teams", "/console/ask", "/console/ask/history", "/console/data-health", "/console/settings",
)  # fmt: skip
# A page of one thing: the first that this page links to.
ONE_OF = (
    ("/console/people", r"^/console/people/[0-9a-f-]{36}$"),
    ("/console/teams", r"^/console/teams/[0-9a-f-]{36}$"),
    ("/console/queue?tab=mappings", r"^/console/queue/mappings/[0-9a-f-]{36}$"),
    ("/console/kpi/review.first_response_hours", r"^/console/receipts/[0-9a-f-]{36}$"),
)
# Pages behind tabs, found by their links.
BEHIND = (
    ("/console/settings", r"^/console/settings/[a-z/-]+$"),
    ("/console/data-health", r"^/console/data-health/[a-z-]+$"),
)


def all_places(page: Page) -> list[str]:
    """Addresses of all pages, in an order that stays. The page may be anywhere."""
    found = list(FIXED)
    for at, pattern in ONE_OF:
        links = _links(page, at, pattern)
        assert links, f"{at} leads to no {pattern}"
        found.append(links[0])
    for at, pattern in BEHIND:
        found += _links(page, at, pattern)
    return list(dict.fromkeys(found))


def settled(page: Page, path: str) -> None:
    """Opens a page and waits until its pieces have come."""
    page.goto(path)
    page.wait_for_load_state("networkidle")


def _links(page: Page, at: str, pattern: str) -> list[str]:
    settled(page, at)
    links: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    return sorted({link.partition("?")[0] for link in links if re.search(pattern, link.partition("?")[0])})
