"""On the build server a test that did not run is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

NOT_RUN = {
    "a skipped test": "import pytest\n@pytest.mark.skip(reason='no server')\ndef test_it(): pass\n",
    "a test that skips itself": "import pytest\ndef test_it(): pytest.skip('no server')\n",
    "a skipping fixture": (
        "import pytest\n@pytest.fixture\ndef server(): pytest.skip('no server')\ndef test_it(server): pass\n"
    ),
    "a skipped module": "import pytest\npytest.skip('no server', allow_module_level=True)\ndef test_it(): pass\n",
    "a missing import": "import pytest\npytest.importorskip('no_server')\ndef test_it(): pass\n",
    "an expected failure": "import pytest\n@pytest.mark.xfail(reason='no server')\ndef test_it(): assert False\n",
    "no test": "",
}


def _run(folder: Path, content: str, ci: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(content)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.nothing_skipped",
            "-p",
            "xdist",
            "-p",
            "no:cacheprovider",
            "-q",
            *more,
        ],
        cwd=folder,
        # Without the many plugins of this environment, which take longer to load than there is to run.
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "CI": ci,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "with workers"])
@pytest.mark.parametrize("kind", NOT_RUN)
def test_what_did_not_run_fails_the_build(tmp_path: Path, kind: str, workers: list[str]) -> None:
    outcome = _run(tmp_path, NOT_RUN[kind], "true", *workers)
    assert outcome.returncode in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED), outcome.stdout
    if kind != "no test":
        assert "was not really tested" in outcome.stdout
        assert "server" in outcome.stdout


@pytest.mark.parametrize("kind", [kind for kind in NOT_RUN if "module" not in kind and "import" not in kind])
def test_at_ones_own_desk_a_skip_is_a_skip(tmp_path: Path, kind: str) -> None:
    outcome = _run(tmp_path, NOT_RUN[kind], "")
    assert outcome.returncode == (pytest.ExitCode.NO_TESTS_COLLECTED if kind == "no test" else 0), outcome.stdout


def test_a_test_that_passes_passes(tmp_path: Path) -> None:
    assert _run(tmp_path, "def test_it(): pass\n", "true").returncode == 0
