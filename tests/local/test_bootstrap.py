"""The bootstrap script is no package: it is run, and here loaded, by its path."""

import hashlib
import importlib.util
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from ovia_local.state import checkout

SCRIPT = checkout() / "infra/local/bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A package index on loopback: its directory and its address."""
    directory = tmp_path / "index"
    (directory / "uv").mkdir(parents=True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory))) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield directory, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def wheel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("uv-0.13.9.data/scripts/uv", "#!/bin/sh\necho 'uv 0.13.9 (a stand-in)'\n")
        archive.writestr("uv-0.13.9.data/scripts/uvx", "#!/bin/sh\n")
    return packed.getvalue()


def test_the_expected_wheel_is_unpacked_to_a_program_that_runs(
    bootstrap: ModuleType, index: tuple[Path, str], tmp_path: Path
) -> None:
    directory, address = index
    (directory / "uv.whl").write_bytes(wheel())
    target = tmp_path / "tools" / "uv"
    bootstrap.install_uv(f"{address}/uv.whl", hashlib.sha256(wheel()).hexdigest(), target)
    assert bootstrap.version_of(str(target)) == (0, 13)
    assert [path.name for path in target.parent.iterdir()] == ["uv"]


def test_a_tampered_wheel_is_refused_and_nothing_of_it_is_kept(
    bootstrap: ModuleType, index: tuple[Path, str], tmp_path: Path
) -> None:
    directory, address = index
    (directory / "uv.whl").write_bytes(wheel() + b"one byte more")
    target = tmp_path / "tools" / "uv"
    with pytest.raises(bootstrap.BootstrapError, match="is not the uv that was expected"):
        bootstrap.install_uv(f"{address}/uv.whl", hashlib.sha256(wheel()).hexdigest(), target)
    assert not target.parent.exists()


def test_a_download_that_fails_says_what_was_tried(bootstrap: ModuleType, index: tuple[Path, str]) -> None:
    address = index[1].replace("http://", "http://user:password@")
    with pytest.raises(bootstrap.BootstrapError, match=r"could not be fetched .*Tried: a uv from") as refused:
        bootstrap.download(f"{address}/missing.whl")
    assert "password" not in str(refused.value)


@pytest.mark.parametrize(
    "page",
    [
        '<a href="../files/{name}#sha256=0">{name}</a>',
        '{{"files": [{{"filename": "{name}", "url": "/files/{name}"}}]}}',
    ],
    ids=["html", "json"],
)
def test_an_index_of_ones_own_is_asked_in_either_form(
    bootstrap: ModuleType, index: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    directory, address = index
    name = bootstrap.WHEELS["x86_64"][1]
    (directory / "uv" / "index.html").write_text(page.format(name=name))
    monkeypatch.setenv("PIP_INDEX_URL", address)
    assert bootstrap.wheel_address("folder", name) == f"{address}/files/{name}"
    with pytest.raises(bootstrap.BootstrapError, match=r"does not offer uv-9\.whl"):
        bootstrap.wheel_address("folder", "uv-9.whl")


def test_a_program_called_uv_that_does_not_work_is_passed_over(bootstrap: ModuleType, tmp_path: Path) -> None:
    shim = tmp_path / "uv"
    shim.write_text("#!/bin/sh\necho 'uv: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert bootstrap.version_of(str(shim)) is None


def test_an_old_python_gets_a_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and this is Python 3\.9\.2"):
        bootstrap.require_python()


def test_an_incomplete_checkout_is_a_sentence(tmp_path: Path) -> None:
    script = tmp_path / "infra/local/bootstrap.py"
    script.parent.mkdir(parents=True)
    script.write_bytes(SCRIPT.read_bytes())
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Set-up stopped:")
    assert "does not look like a complete checkout" in ran.stderr
    assert "Traceback" not in ran.stderr
