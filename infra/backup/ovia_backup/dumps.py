"""Logical dumps: the second line, for a repository that is lost in itself and for another major version.

`pg_dump`'s own format, encrypted by `openssl` with the repository's passphrase, so that neither this program nor
pgBackRest is needed to read one:

    openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -pass file:PASSPHRASE -in FILE | pg_restore …
"""

import datetime as dt

from ovia_backup import repository
from ovia_backup.processes import pipeline, run
from ovia_backup.settings import BackupSettings

FOLDER = "dump/ovia"


def _cipher(settings: BackupSettings, *direction: str) -> list[str]:
    secret = settings.secrets_dir / "pgbackrest_cipher_pass"
    return ["openssl", "enc", *direction, "-aes-256-cbc", "-pbkdf2", "-iter", "600000", "-pass", f"file:{secret}"]


async def dump(settings: BackupSettings) -> None:
    """Dumps the database into every repository, reads each dump again, and drops those that are kept long enough.

    Raises `CommandFailed`; an unfinished dump is taken away.
    """
    name = f"{settings.backup_database}-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}.dump.enc"
    path = f"{FOLDER}/{name}"
    for number in settings.repositories:
        store = [f"--repo={number}", "--raw", "--log-level-console=error", path]
        try:
            await pipeline(
                ["pg_dump", f"--host={settings.backup_socket}", "--format=custom", "--compress=zstd:3",
                 "--lock-wait-timeout=5min", settings.backup_database],
                _cipher(settings, "-salt"),
                ["pgbackrest", "repo-put", *store],
            )  # fmt: skip
            await pipeline(
                ["pgbackrest", "repo-get", *store],
                _cipher(settings, "-d"),
                # To SQL, which is thrown away: every byte is decrypted, decompressed and understood.
                ["pg_restore", "--file=/dev/null"],
            )  # fmt: skip
        except BaseException:
            await run("pgbackrest", "repo-rm", f"--repo={number}", path)
            raise
        for old in sorted(await repository.files(number, FOLDER))[: -settings.backup_keep_dumps]:
            await run("pgbackrest", "repo-rm", f"--repo={number}", f"{FOLDER}/{old}")
