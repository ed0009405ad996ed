"""Small histories, written into real repositories object by object."""

import subprocess
from pathlib import Path


class History:
    """A bare repository and the means to write any bytes into it as a commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", path], check=True)
        self._tree = self._git("hash-object", "-t", "tree", "-w", "--stdin")
        self._moment = 1_600_000_000

    def commit(
        self,
        author: str = "Ann Lee <ann@example.org>",
        committer: str | None = None,
        message: str = "change",
        branch: str = "main",
        parents: list[str] | None = None,
    ) -> str:
        """Adds a commit to the branch (on top of it, or of the parents given) and returns its id."""
        self._moment += 60
        when = f"{self._moment} +0200"
        return self.raw(
            f"author {author} {when}\ncommitter {committer or author} {when}\n\n{message}\n".encode(),
            branch,
            parents,
        )

    def raw(self, rest: bytes, branch: str = "main", parents: list[str] | None = None) -> str:
        """Adds a commit whose text after its parents is exactly this, valid or not."""
        above = self.tip(branch) if parents is None else parents
        head = f"tree {self._tree}\n" + "".join(f"parent {parent}\n" for parent in above)
        sha = self._git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=head.encode() + rest)
        self.move(branch, sha)
        return sha

    def tip(self, branch: str = "main") -> list[str]:
        """The branch's commit, in a list that is empty where there is no such branch."""
        found = self._git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found.split()

    def move(self, branch: str, sha: str) -> None:
        """Points the branch elsewhere, as a force-push does."""
        (self.path / "refs" / "heads" / branch).write_text(f"{sha}\n")

    def delete(self, branch: str) -> None:
        self._git("update-ref", "-d", f"refs/heads/{branch}")

    def fill(self, commits: int, people: int = 40) -> None:
        """A longer history, quickly: people with two spellings and two mailboxes each, some co-authors."""
        stream = []
        for number in range(commits):
            who, other = number * 7 % people, number * 11 % people
            name = f"Person Number{who}" if number % 3 else f"Number{who}, Person"
            email = f"person{who}@{'home' if number % 5 == 0 else 'work'}.example"
            message = f"change {number}\n"
            if number % 13 == 0:
                message += f"\nCo-authored-by: Person Number{other} <person{other}@work.example>\n"
            when = 1_500_000_000 + number * 60
            stream.append(
                f"commit refs/heads/main\nauthor {name} <{email}> {when} +0100\n"
                f"committer Person Number{other} <person{other}@work.example> {when} +0100\n"
                f"data {len(message)}\n{message}\n"
            )
        self._git("fast-import", "--quiet", given="".join(stream).encode())

    def _git(self, *arguments: str, given: bytes = b"") -> str:
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", *arguments], input=given, capture_output=True, check=True
        )
        return done.stdout.decode().strip()
