"""Writes a picture of every page, in both sizes of a laptop and on a phone; nothing may be cut off at the side."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import SignIn
from tests.browser.places import all_places, settled

PICTURES = Path(__file__).parents[3] / "test-results" / "screenshots"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
LOOKS = (
    ("1440x900-light-en", {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "en-GB"}),
    ("1366x768-dark-ru", {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark", "locale": "ru-RU"}),
    ("390x844-light-ru", {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "locale": "ru-RU"}),
)


@pytest.mark.parametrize(("name", "wanted"), LOOKS, ids=[name for name, _ in LOOKS])
def test_every_page_fits_and_is_pictured(as_role: SignIn, name: str, wanted: dict[str, object]) -> None:
    page = as_role("admin", **wanted)
    (PICTURES / name).mkdir(parents=True, exist_ok=True)
    wide = []
    for path in all_places(page):
        settled(page, path)
        words = _ID.sub("one", path).lower().removeprefix("/console")
        called = re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "dashboard"
        page.screenshot(path=PICTURES / name / f"{called}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert not wide, f"wider than the window: {wide}"
