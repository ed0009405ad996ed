"""Settings of the backup service, read once at start. pgBackRest's own are rendered by `pgbackrest-conf`."""

import datetime as dt
from pathlib import Path
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from ovia_shared.config.settings import CommonSettings


def _cron(expression: str) -> str:
    try:
        next(CronSim(expression, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"not a cron expression that ever comes true: {error}") from None
    return expression


Cron = Annotated[str, AfterValidator(_cron)]


class BackupSettings(CommonSettings):
    """When what is done, and where. Cron expressions are of UTC."""

    backup_full: Cron = "30 1 * * 0"
    backup_incremental: Cron = "30 1 * * 1-6"
    backup_dump: Cron = "0 3 * * 6"
    backup_verify: Cron = "0 4 * * *"
    backup_keep_dumps: int = Field(4, ge=1, le=1000)
    backup_repository: str = Field("posix", pattern="^(posix|s3|both)$")
    backup_database: str = Field("ovia", pattern="^[a-z_][a-z0-9_]{0,62}$")
    backup_metrics_port: int = Field(9188, ge=1, le=65535)
    backup_processes: int = Field(2, ge=1, le=64, description="processes that compress and check side by side")
    backup_scratch: Path = Field(Path("/var/lib/ovia-backup"), description="room for scratch servers and the state")
    backup_socket: Path = Field(Path("/var/run/postgresql"), description="the live server's socket directory")
    secrets_dir: Path = Path("/run/secrets")

    @property
    def repositories(self) -> tuple[int, ...]:
        """pgBackRest's numbers of the repositories; each gets every backup."""
        return (1, 2) if self.backup_repository == "both" else (1,)

    @property
    def live_dsn(self) -> str:
        """The live database over its socket, as the superuser: the server trusts this account by its kind."""
        return dsn(self.backup_socket, self.backup_database)


def dsn(socket: Path, database: str) -> str:
    """A database over a socket, as the superuser."""
    return f"postgresql://postgres@/{database}?host={socket}"
