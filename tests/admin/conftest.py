"""The `ovia` command, run against a test's own database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ovia_shared.admin.main import main


class Said(msgspec.Struct, frozen=True):
    """What a command did: its exit code, and what it wrote where."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


Run = Callable[..., Said]


@pytest.fixture
def ovia(owner_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `ovia admin …` as the owner of this test's database."""
    monkeypatch.setenv("OVIA_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("OVIA_DATABASE_URL", owner_dsn)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(["admin", *arguments])
        written = capsys.readouterr()
        return Said(code, written.out, written.err)

    return run


@pytest.fixture
def fernweh(ovia: Run) -> str:
    """The id of an organisation named Fernweh Gliders."""
    return ovia("create-organisation", "Fernweh Gliders").out.strip()
