"""One repository on disk: its tips, its commits, and how they follow each other."""

import contextlib
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Self

from ovia_ingest.connectors.git import failures, mirror
from ovia_ingest.connectors.git.batch_output import BatchOutput
from ovia_ingest.connectors.git.location import GitLocation
from ovia_ingest.connectors.git.processes import Finished, environment, output
from ovia_shared.errors import SourceError, SourceFault

__all__ = ["GitLocation", "Repository"]

# git maps whole packs into memory where it may; with these it needs no more time, and far less memory.
_SMALL_WINDOWS = {"core.packedGitWindowSize": "4m", "core.packedGitLimit": "32m"}

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Repository:
    """A clone, worktree or bare mirror that is read and never written.

    `shallow`: the history is cut off; commits behind the cut are not there to be read.
    Every method raises `SourceError`: fatal when the store is damaged.
    """

    def __init__(self, git_directory: Path, *, shallow: bool) -> None:
        self.git_directory = git_directory
        self.shallow = shallow
        # Told the directory, git searches for none and asks for no owner. Reading reaches no network.
        self._env = environment("none", {"GIT_DIR": str(git_directory)}, _SMALL_WINDOWS)

    @classmethod
    async def open(cls, location: GitLocation, cache: Path, *, fetch_seconds: float = mirror.FETCH_SECONDS) -> Self:
        """The repository at this place; a URL is mirrored into `cache`, or its mirror brought up to date.

        An empty repository is fine. Raises `SourceError`: fatal for a path that is no repository, a URL that
        does not exist or refuses entry; retriable for network faults.
        """
        path = Path(location.address)
        if location.kind == "url":
            path = await mirror.fetch(location, cache, fetch_seconds)
        directory, shallow = await _locate(path)
        return cls(directory, shallow=shallow)

    async def tips(self) -> list[str]:
        """The commits that branches, tags, all other refs and HEAD point to; sorted, each once.

        Tags are followed to what they tag. Refs to anything but commits are left out.
        """
        listed = await self._text("for-each-ref", "--format=%(objectname) %(objecttype)")
        refs = [line.split(" ") for line in listed.splitlines()]
        found = {name for name, kind in refs if kind == "commit"}
        tags = {name for name, kind in refs if kind == "tag"}
        found.update([sha async for sha in self._present([*(f"{tag}^{{commit}}" for tag in sorted(tags)), "HEAD"])])
        return sorted(found)

    async def known(self, ids: Iterable[str]) -> set[str]:
        """Which of these are commits the object store holds, reachable or not."""
        return {sha async for sha in self._present(sorted(set(_checked(ids))))}

    async def count(self, include: Iterable[str], exclude: Iterable[str]) -> int:
        """How many commits `include` reaches that `exclude` does not."""
        wanted = _walk(include, exclude)
        return int(await self._text("rev-list", "--count", "--stdin", lines=wanted)) if wanted else 0

    async def unreachable(self, old_tips: Iterable[str], new_tips: Iterable[str]) -> bool:
        """Whether history was rewritten: some old tip can no longer be reached from the new ones."""
        old = set(_checked(old_tips))
        if await self.known(old) != old:
            return True
        wanted = _walk(old, new_tips)
        return bool(wanted and await self._text("rev-list", "--max-count=1", "--stdin", lines=wanted))

    async def commit_ids(self, include: Iterable[str], exclude: Iterable[str]) -> AsyncGenerator[list[str]]:
        """The ids of the commits `include` reaches and `exclude` does not, in chunks of some thousands."""
        wanted = _walk(include, exclude)
        if not wanted:
            return
        cut = b""
        async with contextlib.aclosing(self._output(["rev-list", "--stdin"], lines=wanted)) as chunks:
            async for chunk in chunks:
                *whole, cut = (cut + chunk).split(b"\n")
                if whole:
                    yield [sha.decode() for sha in whole]

    async def commits(
        self, include: Iterable[str], exclude: Iterable[str], skip: int = 0
    ) -> AsyncGenerator[tuple[str, bytes]]:
        """The same commits as (id, content of the commit object), newest first, after the first `skip`.

        The order is the same whenever the same ids are given. Memory stays that of one chunk and one commit.
        Close the iterator when leaving it early (`contextlib.aclosing`).
        """
        wanted = _walk(include, exclude)
        if not wanted:
            return
        objects = BatchOutput()
        # git feeds git: the list of ids never passes through Python.
        listing = ["rev-list", f"--skip={skip}", "--stdin"]
        contents = ["cat-file", "--batch", "--buffer"]
        async with contextlib.aclosing(self._output(listing, contents, lines=wanted)) as chunks:
            async for chunk in chunks:
                for commit in objects.feed(chunk):
                    yield commit
        objects.end()

    async def _present(self, names: Sequence[str]) -> AsyncIterator[str]:
        """The ids of those names that are commits; what is missing or of another type is passed over."""
        if not names:
            return
        answered = await self._text("cat-file", "--batch-check", "--buffer", lines=names)
        for line in answered.splitlines():
            match line.split(" "):
                case [sha, "commit", _]:
                    yield sha

    async def _text(self, *command: str, lines: Sequence[str] = ()) -> str:
        async with contextlib.aclosing(self._output(command, lines=lines)) as chunks:
            return b"".join([chunk async for chunk in chunks]).decode(errors="replace")

    async def _output(self, *commands: Sequence[str], lines: Sequence[str]) -> AsyncGenerator[bytes]:
        try:
            async with contextlib.aclosing(output(*commands, env=self._env, lines=lines)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Finished as finished:
            raise failures.while_reading(finished) from None


async def _locate(path: Path) -> tuple[Path, bool]:
    """The git directory of the repository whose root is exactly this path, and whether it is shallow."""
    root = _readable(path)
    # The path was named by the operator, so its owner need not be us.
    env = environment("none", {"GIT_CEILING_DIRECTORIES": str(root.parent)}, {"safe.directory": str(root)})
    asked = ["--is-shallow-repository", "--is-inside-work-tree", "--show-prefix", "--absolute-git-dir"]
    try:
        async with contextlib.aclosing(output(["rev-parse", *asked], env=env, directory=str(root))) as chunks:
            answer = os.fsdecode(b"".join([chunk async for chunk in chunks]))
    except Finished as finished:
        if "not a git repository" in finished.said:
            raise _fatal(f"{path}: not a git repository; give a clone, a worktree or a bare mirror") from None
        raise failures.while_reading(finished) from None
    shallow, inside, prefix, git_directory = answer.removesuffix("\n").split("\n", 3)
    # A directory within some repository is not that repository: reading it would be a surprise.
    if prefix if inside == "true" else not _same(Path(git_directory), root):
        raise _fatal(f"{path}: a directory within a repository, not its root; give the root")
    return Path(git_directory), shallow == "true"


def _readable(path: Path) -> Path:
    """The real path of a directory that can be listed."""
    try:
        root = path.resolve(strict=True)
        next(root.iterdir(), None)
    except FileNotFoundError:
        raise _fatal(f"{path}: no such directory") from None
    except NotADirectoryError:
        raise _fatal(f"{path}: a file, not a repository") from None
    except PermissionError:
        raise _fatal(f"{path}: permission denied; let the service user read this directory") from None
    except (OSError, RuntimeError) as error:
        raise _fatal(f"{path}: {getattr(error, 'strerror', None) or 'a loop of links'}") from None
    return root


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other


def _walk(include: Iterable[str], exclude: Iterable[str]) -> list[str]:
    """Standard input of `rev-list`, empty with nothing to walk. Sorted: the order of a walk hangs on it."""
    included = sorted(set(_checked(include)))
    return [*included, *(f"^{sha}" for sha in sorted(set(_checked(exclude))))] if included else []


def _checked(ids: Iterable[str]) -> Iterable[str]:
    for sha in ids:
        if not _OBJECT_ID.fullmatch(sha):
            raise ValueError(f"not a commit id: {sha[:80]!r}")
        yield sha


def _fatal(reason: str) -> SourceError:
    return SourceError(reason, fault=SourceFault.FATAL)
