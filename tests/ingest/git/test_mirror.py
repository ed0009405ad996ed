"""Repositories behind a URL: mirrored, brought up to date, and never at the price of a secret."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ovia_ingest.connectors.git import mirror, processes
from ovia_ingest.connectors.git.location import GitLocation
from ovia_ingest.connectors.git.repository import Repository
from ovia_shared.errors import SourceError, SourceFault
from tests.ingest.git.conftest import children, git, opened, whole
from tests.ingest.histories import History

SECRET = "s3cret-t0ken"


class Forge:
    """What the server below was told to answer (0: files), and what it saw."""

    def __init__(self) -> None:
        self.address = ""
        self.status = 0
        self.authorizations: list[str | None] = []
        self.arguments: set[str] = set()


class _Handler(SimpleHTTPRequestHandler):
    """Serves files as git's plain HTTP protocol wants them, to whoever brings the token."""

    def __init__(self, *arguments: Any, forge: Forge, **options: Any) -> None:
        self._forge = forge
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self._forge.authorizations.append(self.headers.get("Authorization"))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self._forge.arguments.add(process.read_text(errors="replace"))
            except OSError:
                continue
        if self._forge.status:
            self.send_response(self._forge.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.headers.get("Authorization") != "Basic " + base64.b64encode(f"bot:{SECRET}".encode()).decode():
            self.send_error(401)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """An HTTP server over `tmp_path`; its address comes without a scheme."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    forge = Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, forge=forge, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    forge.address = f"127.0.0.1:{server.server_port}"
    yield forge
    server.shutdown()
    thread.join()
    server.server_close()


async def fault(address: str, cache: Path, **limits: float) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await Repository.open(GitLocation.parse(address), cache, **limits)
    assert SECRET not in str(caught.value) + repr(caught.value)
    return caught.value


async def test_a_url_is_mirrored_once_and_then_brought_up_to_date(tmp_path: Path, history: History) -> None:
    cache = tmp_path / "cache" / "deep"
    url = f"file://{history.path}"
    first, side = history.commit(), history.commit(branch="side", parents=[])
    git(history.path, "tag", "-a", "-m", "x", "v1", first)
    git(history.path, "update-ref", "refs/merge-requests/1/head", side)
    repository = await opened(url, cache)
    assert await repository.tips() == sorted([first, side])
    second = history.commit()
    history.delete("side")
    git(history.path, "update-ref", "-d", "refs/merge-requests/1/head")
    again = await opened(url, cache)
    assert again.git_directory == repository.git_directory
    assert await again.tips() == sorted([first, second])
    assert (cache.stat().st_mode & 0o077, len(list(cache.glob("*.git")))) == (0, 1)


async def test_a_force_push_is_followed(tmp_path: Path, history: History) -> None:
    old = history.commit()
    url = f"file://{history.path}"
    await opened(url, tmp_path / "cache")
    new = history.commit(parents=[])
    repository = await opened(url, tmp_path / "cache")
    assert await repository.tips() == [new]
    assert await repository.unreachable([old], [new])


async def test_malformed_history_is_mirrored_as_it_is(tmp_path: Path, history: History) -> None:
    sha = history.raw(b"author <> 99999999999999999999 +0\ncommitter x\n\n\xff")
    assert list(await whole(await opened(f"file://{history.path}", tmp_path / "cache"))) == [sha]


async def test_an_interrupted_mirror_is_completed(tmp_path: Path, history: History) -> None:
    sha = history.commit()
    location = GitLocation.parse(f"file://{history.path}")
    directory = await mirror.fetch(location, tmp_path)
    for name in ("config", "packed-refs", "HEAD"):
        (directory / name).unlink(missing_ok=True)
    assert list(await whole(await opened(location.address, tmp_path))) == [sha]


async def test_two_readers_of_one_url_do_not_disturb_each_other(tmp_path: Path, history: History) -> None:
    sha = history.commit()
    found = await asyncio.gather(*(opened(f"file://{history.path}", tmp_path / "cache") for _ in range(4)))
    for repository in found:
        assert await repository.tips() == [sha]


async def test_an_empty_remote_is_an_empty_repository(tmp_path: Path, history: History) -> None:
    repository = await opened(f"file://{history.path}", tmp_path / "cache")
    assert await repository.tips() == []


async def test_a_remote_that_is_not_there_is_fatal(tmp_path: Path) -> None:
    error = await fault(f"file://{tmp_path}/nowhere", tmp_path / "cache")
    assert error.fault is SourceFault.FATAL
    assert "no such repository" in error.message


async def test_a_file_url_of_another_owner_says_what_to_do(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit()
    monkeypatch.setitem(processes._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    error = await fault(f"file://{history.path}", tmp_path / "cache")
    assert error.fault is SourceFault.FATAL


async def test_a_cache_that_cannot_be_written_names_its_setting(tmp_path: Path, history: History) -> None:
    (tmp_path / "file").write_text("x")
    assert "OVIA_GIT_CACHE" in (await fault(f"file://{history.path}", tmp_path / "file")).message


async def test_credentials_open_a_repository_and_are_seen_nowhere(
    tmp_path: Path, history: History, forge: Forge
) -> None:
    sha = history.commit()
    git(history.path, "update-server-info")
    repository = await opened(f"http://bot:{SECRET}@{forge.address}/shop", tmp_path / "cache")
    assert list(await whole(repository)) == [sha]
    basic = base64.b64encode(f"bot:{SECRET}".encode()).decode()
    assert f"Basic {basic}" in forge.authorizations
    assert any("fetch" in line for line in forge.arguments)
    for secret in (SECRET, basic):
        assert not any(secret in line for line in forge.arguments)
        for file in (tmp_path / "cache").rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes()


@pytest.mark.parametrize("userinfo", ["", "bot:wrong@", f"{SECRET}@"])
async def test_refused_credentials_are_fatal_and_say_what_to_check(tmp_path: Path, forge: Forge, userinfo: str) -> None:
    error = await fault(f"http://{userinfo}{forge.address}/shop", tmp_path / "cache")
    assert error.fault is SourceFault.FATAL
    assert "check the user name and token" in error.message


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (302, SourceFault.FATAL, "redirects elsewhere"),
        (403, SourceFault.FATAL, "access was refused"),
        (404, SourceFault.FATAL, "no such repository"),
        (429, SourceFault.RETRIABLE, "429"),
        (503, SourceFault.RETRIABLE, "503"),
    ],
)
async def test_each_answer_of_a_forge_has_its_meaning(
    tmp_path: Path, forge: Forge, status: int, kind: SourceFault, words: str
) -> None:
    forge.status = status
    error = await fault(f"http://bot:{SECRET}@{forge.address}/shop", tmp_path / "cache")
    assert (error.fault, words in error.message) == (kind, True), error.message


async def test_a_network_that_is_away_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for url in (f"http://bot:{SECRET}@127.0.0.1:1/shop", "git://127.0.0.1:1/shop"):
        assert (await fault(url, tmp_path / "cache")).fault is SourceFault.RETRIABLE


async def test_a_remote_that_never_answers_is_left_in_time(tmp_path: Path) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await fault(f"git://127.0.0.1:{port}/shop", tmp_path / "cache", fetch_seconds=0.2)
    assert (error.fault, "took longer" in error.message) == (SourceFault.RETRIABLE, True)
    assert children() == []
    await asyncio.sleep(0.5)
    server.close()
    await server.wait_closed()


async def test_a_helper_program_is_never_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    with pytest.raises(SourceError, match="can run programs"):
        GitLocation.parse(f"ext::sh -c touch% {touched}")
    # Also where a stored address came past the check.
    location = GitLocation("url", f"ext::sh -c touch% {touched}", "x")
    with pytest.raises(SourceError, match="transport is not allowed"):
        await mirror.fetch(location, tmp_path / "cache")
    assert not touched.exists()
