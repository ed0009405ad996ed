"""Settings that would leave a database without backups stop the service; damage that pgBackRest finds is read."""

import subprocess
from pathlib import Path

import pytest

from ovia_backup.repository import Target, faults_of, newest_of_each, without_full
from ovia_backup.settings import BackupSettings
from ovia_backup.verification import differences
from ovia_shared.config.settings import load
from ovia_shared.database.restored import Fingerprint
from ovia_shared.errors import BadSettings

RENDER = Path(__file__).parents[2] / "infra" / "postgres" / "pgbackrest-conf.sh"
S3 = {
    "OVIA_BACKUP_S3_ENDPOINT": "s3.example.org",
    "OVIA_BACKUP_S3_BUCKET": "backups",
    "OVIA_BACKUP_S3_REGION": "eu",
}

WELL = """stanza: ovia
status: ok
  archiveId: 17-1, total WAL checked: 3, total valid WAL: 3
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261127-073639F, status: valid, total files checked: 966, total valid files: 966
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""
BROKEN_LOG = """stanza: ovia
status: error
  archiveId: 17-1, total WAL checked: 3, total valid WAL: 2
    missing: 0, checksum invalid: 1, size invalid: 0, other: 0
  backup: 20261127-073639F, status: valid, total files checked: 966, total valid files: 966
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
"""
BROKEN_BACKUP = WELL.replace("status: valid", "status: invalid").replace("status: ok", "status: error")


def render(tmp_path: Path, secrets: dict[str, str], **environment: str) -> tuple[int, str, str]:
    """Exit code, what it complained of, and the settings it wrote."""
    (tmp_path / "secrets").mkdir()
    for name, content in secrets.items():
        (tmp_path / "secrets" / name).write_text(content)
    target = tmp_path / "pgbackrest.conf"
    done = subprocess.run(
        ["bash", str(RENDER)],
        env={"PATH": "/usr/bin:/bin", "OVIA_SECRETS_DIR": str(tmp_path / "secrets"), "PGBACKREST_CONFIG": str(target)}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, target.read_text() if target.exists() else ""


def test_the_repository_is_a_volume_unless_said_otherwise(tmp_path: Path) -> None:
    code, _, written = render(tmp_path, {"pgbackrest_cipher_pass": "a passphrase, with = and #\n"})
    assert code == 0
    assert "repo1-type=posix\nrepo1-path=/var/lib/pgbackrest\n" in written
    assert "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=a passphrase, with = and #\n" in written
    assert "repo1-retention-full=4\n" in written
    assert "repo2" not in written
    assert (tmp_path / "pgbackrest.conf").stat().st_mode & 0o077 == 0


def test_both_repositories_get_every_setting(tmp_path: Path) -> None:
    secrets = {"pgbackrest_cipher_pass": "phrase", "pgbackrest_s3_key": "key", "pgbackrest_s3_key_secret": "hidden"}
    code, _, written = render(tmp_path, secrets, OVIA_BACKUP_REPOSITORY="both", OVIA_BACKUP_KEEP_FULL="2", **S3)
    assert code == 0
    for line in ("repo1-type=posix", "repo2-type=s3", "repo2-s3-endpoint=s3.example.org", "repo2-s3-key-secret=hidden",
                 "repo1-retention-full=2", "repo2-retention-full=2", "repo2-cipher-pass=phrase"):  # fmt: skip
        assert f"{line}\n" in written


@pytest.mark.parametrize("missing", sorted(S3))
def test_a_bucket_that_is_half_described_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    secrets = {"pgbackrest_cipher_pass": "phrase", "pgbackrest_s3_key": "key", "pgbackrest_s3_key_secret": "hidden"}
    given = {name: value for name, value in S3.items() if name != missing}
    code, said, written = render(tmp_path, secrets, OVIA_BACKUP_REPOSITORY="s3", **given)
    assert (code, written) == (2, "")
    assert missing in said


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_without_its_passphrase_nothing_is_rendered(tmp_path: Path, content: str | None) -> None:
    code, said, written = render(tmp_path, {} if content is None else {"pgbackrest_cipher_pass": content})
    assert (code, written) == (2, "")
    assert "pgbackrest_cipher_pass" in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OVIA_BACKUP_FULL", "every night"),
        ("OVIA_BACKUP_VERIFY", "0 0 30 2 *"),
        ("OVIA_BACKUP_KEEP_DUMPS", "0"),
        ("OVIA_BACKUP_REPOSITORY", "tape"),
        ("OVIA_BACKUP_DATABASE", "ovia; drop"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=variable):
        load(BackupSettings)


@pytest.mark.parametrize(
    ("report", "faults"),
    [
        (WELL, 0),
        (BROKEN_LOG, 2),
        (BROKEN_BACKUP, 2),
        ("P00  ERROR: [055]: unable to open\n", 1),
        ("", 1),
    ],
)
def test_damage_in_the_repository_is_read_from_the_report(report: str, faults: int) -> None:
    assert len(faults_of(report)) == faults


def test_tables_that_differ_are_named_with_how() -> None:
    expected = {"a": Fingerprint(3, "1"), "b": Fingerprint(3, "1"), "c": Fingerprint(3, "1"), "d": Fingerprint(0, "0")}
    found = {"a": Fingerprint(3, "1"), "b": Fingerprint(2, "1"), "c": Fingerprint(3, "2"), "e": Fingerprint(0, "0")}
    assert differences(expected, found) == [
        "b has 2 rows and not 3",
        "c has other content in its 3 rows",
        "d is missing",
        "e should not be there",
    ]


def test_the_newest_backup_of_each_repository_is_looked_at() -> None:
    def backup(label: str, repository: int) -> dict[str, object]:
        return {"label": label, "database": {"repo-key": repository}}

    newest = newest_of_each([backup("old", 1), backup("there", 2), backup("new", 1)])
    assert {one["label"] for one in newest} == {"new", "there"}


def test_a_repository_that_was_just_added_lacks_a_full_backup() -> None:
    backups = [
        {"type": "full", "database": {"repo-key": 1}},
        {"type": "incr", "database": {"repo-key": 2}},
    ]
    assert without_full(backups, (1, 2)) == {2}
    assert without_full(backups, (1,)) == set()


def test_a_target_is_told_as_pgbackrest_takes_it() -> None:
    assert Target().options == ["--type=default", "--target-timeline=latest"]
    assert Target("time", "2026-11-27 08:00:00+00:00").options == [
        "--type=time",
        "--target=2026-11-27 08:00:00+00:00",
        "--target-action=promote",
        "--target-timeline=latest",
    ]
