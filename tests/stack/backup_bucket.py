"""A bucket of a service that speaks S3, on a network of its own: what a repository off the machine is kept in."""

import subprocess
import time
from pathlib import Path
from uuid import uuid4

from tests.stack import backup_images
from tests.stack.backup_rig import PATIENCE_SECONDS, Host, docker

PORT = 8443
BUCKET = "backups"
# Asks for nothing but what the service itself answers when it is up, then makes the bucket.
MAKE = f"""
import ssl, urllib.request
call = urllib.request.Request("https://127.0.0.1:{PORT}/{BUCKET}", method="PUT")
print(urllib.request.urlopen(call, context=ssl._create_unverified_context()).status)
"""


class Bucket:
    """Started when made, gone once removed. Its certificate is its own authority."""

    def __init__(self, directory: Path) -> None:
        backup_images.build_s3()
        self.network = f"backup-{uuid4().hex[:8]}"
        self._directory = directory
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={self.network}",
             "-addext", f"subjectAltName=DNS:{self.network}",
             "-keyout", str(directory / "s3.key"), "-out", str(directory / "s3.crt")],
            check=True, capture_output=True,
        )  # fmt: skip
        (directory / "s3.key").chmod(0o644)
        docker("network", "create", self.network)
        docker(
            "run", "--detach", "--name", self.network, "--network", self.network, "--cap-drop", "ALL",
            "--volume", f"{directory}:/run/secrets:ro", backup_images.S3,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE_SECONDS
        while docker("exec", self.network, "python3", "-c", MAKE, check=False).returncode != 0:
            assert time.monotonic() < end, docker("logs", self.network).stderr
            time.sleep(0.2)

    def host(self, directory: Path, repository: str) -> Host:
        """A machine that may use the bucket; `repository` is `s3` or `both`."""
        host = Host(
            directory, self.network, OVIA_BACKUP_REPOSITORY=repository, OVIA_BACKUP_S3_ENDPOINT=self.network,
            OVIA_BACKUP_S3_BUCKET=BUCKET, OVIA_BACKUP_S3_REGION="us-east-1", OVIA_BACKUP_S3_PORT=str(PORT),
            OVIA_BACKUP_S3_CA_FILE="/run/secrets/s3_ca",
        )  # fmt: skip
        host.secret("pgbackrest_s3_key", "key")
        host.secret("pgbackrest_s3_key_secret", "key-secret")
        host.secret("s3_ca", (self._directory / "s3.crt").read_text())
        return host

    def remove(self) -> None:
        docker("rm", "--force", self.network, check=False)
        docker("network", "rm", self.network, check=False)
