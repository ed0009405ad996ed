"""One stack with the sample organisation for all tests, a browser, and whoever is signed in to it."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ovia_local.ports import free_ports
from ovia_shared.admin import operations
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role
from tests.browser.watching import Watched
from tests.local.running import Run

LAPTOP = {"width": 1366, "height": 768}
READY_SECONDS = 600
SETTLING_SECONDS = 10
# What Chromium would ask of the network by itself.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

SignIn = Callable[..., Page]


class Stack:
    """A running stack: the address the console is reached at, and a token of each role."""

    def __init__(self, address: str, state: Path) -> None:
        self.address = address
        self.state = state
        # In a thread, because Playwright has a loop of its own in this one.
        with ThreadPoolExecutor(1) as thread:
            self.tokens = thread.submit(asyncio.run, self._tokens()).result()

    async def _tokens(self) -> dict[Role, str]:
        database = Database((self.state / "secrets/owner/ovia_database_url").read_text(), size=1, name="browser tests")
        await database.open()
        try:
            (organisation,) = await operations.organisations(database)
            issued = [
                await operations.issue_token(database, organisation.id, name=f"A {role}", role=role, actor="tests")
                for role in Role
            ]
            return dict(zip(Role, [text for _, text in issued], strict=True))
        finally:
            await database.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Started as `make run` starts it, with everything read, told and counted.

    While writing tests, `OVIA_BROWSER_TESTS="http://127.0.0.1:8080 /path/of/.ovia"` takes one that is up instead.
    """
    if up := os.environ.get("OVIA_BROWSER_TESTS"):
        address, _, kept = up.partition(" ")
        yield Stack(address, Path(kept))
        return
    home = Path(tempfile.mkdtemp(prefix="ovia-browser-"))
    if os.geteuid() == 0:
        home.chmod(0o711)  # the database's account passes through to its data
    run = Run(home / "state", free_ports(1)[0], sample=True)
    try:
        run.ready(READY_SECONDS)
        _until((home / "state/secrets/sample/teams_told").exists, "the teams are told")
        _until(lambda: _settled(run), "numbers are counted and rest")
        yield Stack(f"http://127.0.0.1:{run.port}", home / "state")
    finally:
        run.process.terminate()
        run.process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for the stack."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(2 * READY_SECONDS))


def _settled(run: Run) -> bool:
    """Whether numbers are there and rest: facts of one kind come after another, and the cards with them."""
    before = _rows(run)
    time.sleep(SETTLING_SECONDS)
    return bool(before) and before == _rows(run)


def _rows(run: Run) -> dict[str, int]:
    """How many rows are behind each number; nothing while there is no number at all."""
    answer = run.get("/team/kpi")
    found = answer.json()["kpis"] if answer.status_code == 200 else []
    return {one["name"]: one["n"] for one in found} if any(one["value"] is not None for one in found) else {}


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.5)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = shutil.which("chromium")
    assert chromium, "there is no Chromium: `make browser-test` installs it"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def console(stack: Stack) -> str:
    """The address the console is reached at, through the gateway."""
    return stack.address


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Whatever a test opens is closed after it."""
    opened: list[BrowserContext] = []
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def as_role(browser: Browser, stack: Stack, contexts: list[BrowserContext]) -> Iterator[SignIn]:
    """Opens a browser of its own for somebody of a role, signed in; anything wrong in its console fails the test.

    Takes what a Playwright context takes: `viewport`, `locale`, `color_scheme`, `java_script_enabled`, …
    """
    watched: list[Watched] = []

    def sign_in(role: Role | str = Role.ADMIN, **wanted: object) -> Page:
        context = browser.new_context(**{"viewport": LAPTOP, "base_url": stack.address, "locale": "en-GB", **wanted})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watched.append(Watched(page))
        page.goto("/console/sign-in")
        page.get_by_label("Access token").or_(page.get_by_label("Токен доступа")).fill(stack.tokens[Role(role)])
        page.locator("form.sign-in button").click()
        page.wait_for_url("**/console/")
        return page

    yield sign_in
    for one in watched:
        one.check()


@pytest.fixture
def page(as_role: SignIn) -> Page:
    """A browser signed in as an administrator."""
    return as_role(Role.ADMIN)
