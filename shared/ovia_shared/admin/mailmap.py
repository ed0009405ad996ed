"""The authors of a git repository, with its own .mailmap as the truth about who is who."""

import re
import subprocess
from collections.abc import Iterable, Iterator

from ovia_shared.admin.labelled_files import identity
from ovia_shared.errors import InvalidInput
from ovia_shared.matching.learning import Labelled
from ovia_shared.models.identity import Account

# Name <mail> [Name] [<mail>]: what is proper, then what stands in commits.
_LINE = re.compile(r"^\s*(?P<name>[^<#]*?)\s*<(?P<mail>[^>]*)>\s*(?:(?P<was>[^<]*?)\s*<(?P<old>[^>]*)>)?\s*(?:#.*)?$")
# A repository may bring settings that run programs; reading its log needs none of them.
_QUIET = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.pager=cat")


class Mailmap:
    """Who is who among commit authors, as a .mailmap says.

    Lines that give one proper name or one proper address are one person's. Letters' case does not matter, as in git.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._parent: dict[str, str] = {}
        self._of_mail: dict[str, str] = {}
        self._of_both: dict[tuple[str, str], str] = {}
        for line in lines:
            if found := _LINE.match(line):
                self._read(found["name"], found["mail"], found["was"], found["old"])

    def _read(self, name: str, mail: str, was: str | None, old: str | None) -> None:
        proper_name, proper_mail = name.casefold(), mail.strip().casefold()
        owner = f"name {proper_name}" if proper_name else f"mail {proper_mail}"
        if old is None:
            # The one address is what stands in commits; the line only gives it a name.
            self._of_mail.setdefault(proper_mail, owner)
            return
        if proper_name and proper_mail:
            self._join(owner, f"mail {proper_mail}")
        self._of_mail.setdefault(proper_mail, owner)
        old_mail = old.strip().casefold()
        if was:
            self._of_both[was.casefold(), old_mail] = owner
        else:
            self._of_mail[old_mail] = owner

    def owner(self, name: str, mail: str) -> str | None:
        """Who signs like this; None where the file does not say."""
        found = self._of_both.get((name.casefold(), mail.strip().casefold()))
        found = found or self._of_mail.get(mail.strip().casefold())
        return None if found is None else self._root(found)

    def __len__(self) -> int:
        return len(self._of_mail) + len(self._of_both)

    def _root(self, owner: str) -> str:
        while (above := self._parent.get(owner, owner)) != owner:
            owner = above
        return owner

    def _join(self, one: str, other: str) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        if first != second:
            self._parent[second] = first


def read_repository(path: str) -> Labelled:
    """The distinct authors of the commits that HEAD reaches. Raises `InvalidInput` where there is no .mailmap."""
    known = Mailmap(_git(path, "show", "HEAD:.mailmap"))
    if not len(known):
        raise InvalidInput(f"the .mailmap of {path} names nobody")
    authors = sorted({_author(line) for line in _git(path, "log", "--no-mailmap", "--format=%an%x00%ae", "HEAD")})
    accounts = [Account(identity(f"{name}\0{mail}"), "git", None, mail or None, name or None) for name, mail in authors]
    return Labelled(accounts, [known.owner(name, mail) for name, mail in authors])


def _author(line: str) -> tuple[str, str]:
    name, _, mail = line.partition("\0")
    return name, mail


def _git(path: str, *arguments: str) -> Iterator[str]:
    try:
        done = subprocess.run(  # noqa: S603 (a list: no shell reads the path)
            ["git", "-C", path, *_QUIET, *arguments],  # noqa: S607 (the git of whoever sits at the shell)
            capture_output=True,
            check=False,
        )
    except OSError as fault:
        raise InvalidInput(f"git cannot be run: {fault.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it gives no reason"]
        raise InvalidInput(f"git cannot read {path}: {said[-1]}")
    return iter(done.stdout.decode(errors="replace").split("\n")[:-1])
