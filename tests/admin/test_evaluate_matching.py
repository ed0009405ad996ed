import csv
import gzip
import io
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from ovia_shared.admin.mailmap import Mailmap
from ovia_shared.admin.main import main
from tests.admin.conftest import Run, Said

ROWS = """identity_id,source,username,email,display_name,person
1,git,,ann@gliders.example,Ann Lindqvist,ann
2,gitlab,alindqvist,,Ann Lindqvist,ann
3,git,,bo@gliders.example,=HYPERLINK("x"),bo
4,git,,hangar@elsewhere.example,hangar,bo
5,git,,cy@gliders.example,Cy Dahl,
"""


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `ovia admin evaluate-matching …` where there is no database."""
    monkeypatch.setenv("OVIA_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("OVIA_DATABASE_URL", raising=False)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(["admin", "evaluate-matching", *arguments])
        written = capsys.readouterr()
        return Said(code, written.out, written.err)

    return run


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    file = tmp_path / "accounts.csv"
    file.write_text(ROWS)
    return file


def test_it_prints_agreement_calibration_and_errors_by_kind(evaluate: Run, accounts: Path) -> None:
    said = evaluate("--identities", str(accounts))
    assert said.code == 0, said.err
    for expected in ("5 accounts, 4 of 2 known owners", "joined and proposed", "calibration error", "pairs", "missed"):
        assert expected in said.out


def test_json_holds_every_figure(evaluate: Run, accounts: Path) -> None:
    report = evaluate("--identities", str(accounts), "--json").json()
    assert report["labelled"] == 4
    assert report["certain"]["pairs"].keys() == {"right", "wrong", "missed"}
    assert report["configuration"] == "default"


def test_the_published_rule_is_a_configuration(evaluate: Run, accounts: Path) -> None:
    report = evaluate("--identities", str(accounts), "--config", "published", "--json").json()
    assert (report["configuration"], report["engine_version"]) == ("published", "published-1")


def test_every_wrong_pair_is_written_and_no_cell_is_a_formula(evaluate: Run, accounts: Path, tmp_path: Path) -> None:
    said = evaluate("--identities", str(accounts), "--errors", str(tmp_path / "wrong.csv"), "--json")
    (pair,) = csv.DictReader((tmp_path / "wrong.csv").read_text().splitlines())
    assert said.json()["errors"] == {"not_compared": 1}
    assert "1 wrong pairs" in said.err
    assert {pair["identity_id_1"], pair["identity_id_2"]} == {"3", "4"}
    assert pair["error"] == "apart"
    assert pair["display_name_1"] == '\'=HYPERLINK("x")'
    assert "first_account" in pair["trace_of_link_1"]


def test_owners_may_be_in_a_file_of_their_own_and_files_may_be_packed(
    evaluate: Run, accounts: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "accounts.csv.gz"
    packed.write_bytes(gzip.compress(ROWS.replace(",person", "").replace(",ann\n", "\n").encode()))
    (tmp_path / "truth.csv").write_text("identity_id,person\n1,ann\n2,ann\n3,\n")
    report = evaluate("--identities", str(packed), "--truth", str(tmp_path / "truth.csv"), "--json")
    assert report.code == 2
    assert "more cells than columns" in report.err
    packed.write_bytes(gzip.compress("\n".join(line.rsplit(",", 1)[0] for line in ROWS.splitlines()).encode()))
    report = evaluate("--identities", str(packed), "--truth", str(tmp_path / "truth.csv"), "--json")
    assert report.json()["labelled"] == 2


def test_standard_input_is_a_file_too(evaluate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(ROWS.encode())))
    assert evaluate("--identities", "-", "--json").json()["accounts"] == 5


def test_service_accounts_can_be_left_out(evaluate: Run, accounts: Path) -> None:
    accounts.write_text(f"{ROWS}6,git,,bot@gliders.example,glider-bot,bo\n")
    assert evaluate("--identities", str(accounts), "--json").json()["accounts"] == 6
    assert "1 service accounts left out" in evaluate("--identities", str(accounts), "--without-service-accounts").out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("identity_id,source\n1,git\n", "no column username, email, display_name, person"),
        (f"{ROWS}1,git,,,Dora Ek,\n", "line 7: identity_id is there twice"),
        (f"{ROWS},git,,,Dora Ek,\n", "line 7: identity_id is missing"),
        ("", "no column"),
        ("\x00\xff", "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_of_accounts_is_named(evaluate: Run, accounts: Path, text: str, told: str) -> None:
    accounts.write_bytes(text.encode("latin-1"))
    said = evaluate("--identities", str(accounts))
    assert said.code == 2
    assert told in said.err
    assert "accounts.csv" in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "either --identities or --mailmap"),
        (("--identities", "a.csv", "--mailmap", "."), "either --identities or --mailmap"),
        (("--mailmap", ".", "--truth", "t.csv"), "the .mailmap is the truth"),
        (("--identities", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--mailmap", "/nowhere"), "git cannot read /nowhere"),
        (("--identities", "{accounts}", "--auto", "0.4", "--conflict", "0.6"), "cannot be surer"),
        (("--identities", "{accounts}", "--errors", "/nowhere/x.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    evaluate: Run, accounts: Path, arguments: tuple[str, ...], told: str
) -> None:
    said = evaluate(*(argument.format(accounts=accounts) for argument in arguments))
    assert said.code == 2
    assert told in said.err


def test_a_truth_about_accounts_that_are_not_there_is_refused(evaluate: Run, accounts: Path, tmp_path: Path) -> None:
    for text, told in (
        ("identity_id,person\n9,x\n", "no identity_id 9"),
        ("identity_id,person\n1,x\n1,y\n", "two owners"),
    ):
        (tmp_path / "truth.csv").write_text(text)
        said = evaluate("--identities", str(accounts), "--truth", str(tmp_path / "truth.csv"))
        assert (said.code, told in said.err) == (2, True)


def test_a_repository_is_judged_by_its_own_mailmap(evaluate: Run, tmp_path: Path) -> None:
    commits = [("Ann Lindqvist", "ann@old.example"), ("Ann Lindqvist", "ann@gliders.example"), ("Cy", "cy@x.example")]
    mailmap = "Ann Lindqvist <ann@gliders.example> <ann@old.example>\n"
    _repository(tmp_path / "shop", commits, mailmap)
    report = evaluate("--mailmap", str(tmp_path / "shop"), "--json").json()
    assert (report["accounts"], report["labelled"], report["owners"]) == (3, 2, 1)
    _repository(tmp_path / "bare", commits, "# nobody yet\n")
    said = evaluate("--mailmap", str(tmp_path / "bare"))
    assert (said.code, "names nobody" in said.err) == (2, True)


def test_a_mailmap_is_read_as_git_reads_it() -> None:
    lines = [
        "# people",
        "Ann Lindqvist <ann@gliders.example> <ann@old.example>",
        "Ann Lindqvist <ann@gliders.example> Annie <Team@gliders.example>",
        "Bo Ekberg <bo@gliders.example>",
        "<cy@gliders.example> <cy@old.example> # by address only",
        "Bo Ekberg <bo@home.example>",
        "what is this",
    ]
    known = Mailmap(lines)
    ann, bo, cy = (known.owner("?", f"{name}@gliders.example") for name in ("ann", "bo", "cy"))
    assert len({ann, bo, cy, None}) == 4
    assert known.owner("anything", "ANN@OLD.example") == ann
    assert known.owner("ANNIE", "team@gliders.example") == ann
    assert known.owner("somebody else", "team@gliders.example") is None
    assert known.owner("bo", "bo@home.example") == bo
    assert known.owner("cy", "cy@old.example") == cy


def _repository(path: Path, commits: list[tuple[str, str]], mailmap: str) -> None:
    """A repository whose commits have these authors, and this .mailmap at the end."""
    stream = []
    for number, (name, email) in enumerate(commits):
        stream.append(f"commit refs/heads/main\nauthor {name} <{email}> {1_700_000_000 + number} +0000\n")
        stream.append(f"committer {name} <{email}> {1_700_000_000 + number} +0000\ndata 1\nx\n")
        stream.append(f"M 100644 inline .mailmap\ndata {len(mailmap)}\n{mailmap}\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
