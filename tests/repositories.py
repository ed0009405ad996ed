"""Large invented repositories, written by `git fast-import`: the same arguments give the same commits.

    python -m tests.repositories PATH --commits 50000

A crowd as one finds it: people with several addresses and spellings, in Latin and Cyrillic letters, bots, merges
made on a website in the forge's own name, co-authors, and a few clocks that were wrong. Every name is invented.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

FIRST_NAMES = [
    "Alva",
    "Bram",
    "Cosima",
    "Daria",
    "Edvin",
    "Fenja",
    "Goran",
    "Hella",
    "Ivo",
    "Jorun",
    "Kaspar",
    "Liv",
    "Marek",
    "Nadia",
    "Oskar",
    "Petra",
]
LAST_NAMES = [
    "Aldergrove",
    "Brokenhill",
    "Castellow",
    "Drumarsh",
    "Eskvale",
    "Farringay",
    "Glenmoor",
    "Hartwick",
    "Ilmenau",
    "Jutland",
]
CYRILLIC_FIRST = [
    "Аглая",
    "Богдан",
    "Варвара",
    "Глеб",
    "Дарина",
    "Елисей",
    "Злата",
    "Игнат",
    "Кира",
    "Лука",
    "Мирон",
    "Нонна",
    "Остап",
    "Платон",
]
CYRILLIC_LAST = [
    "Вересков",
    "Гречкина",
    "Дубравин",
    "Журавская",
    "Заречный",
    "Калинова",
    "Лозовой",
    "Мятлева",
    "Озёрный",
    "Рябинин",
]
BOTS = (("dependency-bot[bot]", "41+dependency-bot[bot]@users.noreply.forge.example"), ("ci", "ci@build.example"))
FORGE = ("Forge", "noreply@forge.example")
MAIL_HOSTS = ("works.example", "mail.example", "post.example.org")
VERBS = ("Fix", "Add", "Remove", "Rename", "Speed up", "Document", "Test", "Move")
THINGS = ("the parser", "login", "the price list", "retries", "a flaky test", "the build", "paging", "the cache")
ZONES = ("+0000", "+0100", "+0200", "+0300", "-0500", "+0530", "-0800")

FIRST_MOMENT = 1_400_000_000
FILES = 200

Face = tuple[str, str]
Watch = Callable[[int, int], None]


class Person(msgspec.Struct, frozen=True):
    """Somebody, and the (name, e-mail) pairs they commit as; the first is the usual one."""

    faces: tuple[Face, ...]


class Crowd:
    """The people of a repository; some write far more than others."""

    def __init__(self, people: int, draw: random.Random) -> None:
        self._draw = draw
        self.people = [_person(number, draw) for number in range(people)]
        weights = [1 / (rank + 4) for rank in range(people)]
        self._cumulative = [sum(weights[: rank + 1]) for rank in range(people)]

    def somebody(self) -> Face:
        """A face of one of them."""
        (person,) = self._draw.choices(self.people, cum_weights=self._cumulative)
        return person.faces[0] if self._draw.random() < 0.8 else self._draw.choice(person.faces)

    def author(self) -> Face:
        """Somebody, or now and then a bot."""
        return self._draw.choice(BOTS) if self._draw.random() < 0.03 else self.somebody()


def _person(number: int, draw: random.Random) -> Person:
    cyrillic = number % 5 == 4
    first = draw.choice(CYRILLIC_FIRST if cyrillic else FIRST_NAMES)
    last = draw.choice(CYRILLIC_LAST if cyrillic else LAST_NAMES)
    account = f"p{number}" if cyrillic else f"{first[0].lower()}{last.lower()}{number}"
    name = f"{first} {last}"
    home, work = draw.sample(MAIL_HOSTS, 2)
    faces = [(name, f"{account}@{work}")]
    if draw.random() < 0.5:
        faces.append((name, f"{account}@{home}"))
    if draw.random() < 0.4:
        faces.append((account, f"{number + 1000}+{account}@users.noreply.forge.example"))
    if draw.random() < 0.3:
        faces.append((f"{last} {first}", f"{account.upper()}@{work}"))
    if draw.random() < 0.05:
        faces.append((account, ""))
    return Person(tuple(faces))


def make_repository(
    path: Path,
    commits: int = 50_000,
    people: int = 800,
    seed: int = 1,
    branches: int = 3,
    *,
    co_authors: bool = True,
    watch: Watch | None = None,
) -> Path:
    """Writes a bare repository of exactly so many commits, all reachable from `main` and the side branches.

    `watch` is told the commits written and their total from time to time. Raises `CalledProcessError` if git fails.
    """
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", "--", path], check=True)
    command = ["git", "fast-import", "--quiet", "--done", "--force"]
    with subprocess.Popen(command, cwd=path, stdin=subprocess.PIPE) as importer:
        if importer.stdin is None:
            raise RuntimeError("git fast-import has no input")
        draw = random.Random(seed)
        _write(importer.stdin, _stream(commits, Crowd(people, draw), draw, branches, co_authors), commits, watch)
    if importer.returncode:
        raise subprocess.CalledProcessError(importer.returncode, command)
    return path


def _write(out: IO[bytes], entries: Iterator[str], commits: int, watch: Watch | None) -> None:
    waiting: list[str] = []
    for number, entry in enumerate(entries, 1):
        waiting.append(entry)
        if number % 1000 == 0:
            out.write("".join(waiting).encode())
            waiting.clear()
            if watch is not None:
                watch(number, commits)
    out.write(("".join(waiting) + "done\n").encode())
    out.close()
    if watch is not None:
        watch(commits, commits)


def _stream(commits: int, crowd: Crowd, draw: random.Random, branches: int, co_authors: bool) -> Iterator[str]:
    # The last commit of each branch, by mark; side branches start from main when they first get a commit.
    tips: dict[str, int] = {}
    names = ["main", *(f"side/{number}" for number in range(branches))]
    moment = FIRST_MOMENT
    for mark in range(1, commits + 1):
        moment += draw.randrange(60, 7200)
        branch = "main" if not tips or draw.random() < 0.6 else draw.choice(names)
        other = draw.choice(names)
        merged = other if other != branch and other in tips and draw.random() < 0.15 else None
        parents = [tips[branch]] if branch in tips else [tips["main"]] if tips else []
        author, committer = crowd.author(), None
        if merged is not None and tips[merged] not in parents:
            parents.append(tips[merged])
            committer = FORGE if draw.random() < 0.5 else None
        message = _message(mark, merged, crowd, draw, co_authors)
        yield _commit(mark, branch, parents, author, committer or author, _moment(moment, draw), message)
        tips[branch] = mark


def _commit(mark: int, branch: str, parents: list[int], author: Face, committer: Face, when: str, message: str) -> str:
    lines = [f"commit refs/heads/{branch}", f"mark :{mark}"]
    lines += [f"author {author[0]} <{author[1]}> {when}", f"committer {committer[0]} <{committer[1]}> {when}"]
    lines += [f"data {len(message.encode())}", message]
    lines += [f"{word} :{parent}" for word, parent in zip(("from", "merge"), parents, strict=False)]
    content = f"{mark}\n"
    lines += [f"M 100644 inline file-{mark % FILES}.txt", f"data {len(content)}", content]
    return "\n".join(lines) + "\n"


def _moment(moment: int, draw: random.Random) -> str:
    # One clock in five thousand stands at the beginning of time.
    seconds = draw.randrange(86_400) if draw.random() < 0.0002 else moment
    return f"{seconds} {draw.choice(ZONES)}"


def _message(mark: int, merged: str | None, crowd: Crowd, draw: random.Random, co_authors: bool) -> str:
    if merged is not None:
        return f"Merge branch '{merged}'\n"
    message = f"{draw.choice(VERBS)} {draw.choice(THINGS)} (#{mark})\n"
    if draw.random() < 0.5:
        message += f"\nIt did not work when {draw.choice(THINGS)} came first.\nNow it does.\n"
    if co_authors and draw.random() < 0.06:
        beside = [crowd.somebody() for _ in range(draw.choice((1, 1, 2)))]
        message += "\n" + "".join(f"Co-authored-by: {name} <{email}>\n" for name, email in beside)
    return message


def main() -> None:
    """Writes one repository and shows how far it is."""
    arguments = argparse.ArgumentParser(prog="python -m tests.repositories", description="Makes a bare repository.")
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--commits", type=int, default=50_000)
    arguments.add_argument("--people", type=int, default=800)
    arguments.add_argument("--branches", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()

    def watch(done: int, total: int) -> None:
        sys.stderr.write(f"\r{done:,} of {total:,} commits")
        sys.stderr.flush()

    make_repository(chosen.path, chosen.commits, chosen.people, chosen.seed, chosen.branches, watch=watch)
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
