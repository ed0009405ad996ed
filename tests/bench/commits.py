"""`python -m tests.bench.commits FOLDER REPOSITORY`: a test set in BEIR's format, from the history of a git repository.

Nobody here wrote or labelled it: the questions are the first lines of commits, and the document that answers one is the
rest of the message, the names of the files and the lines that the commit changed. Merges are left out, and so is what
shares its first line with another. Half of the commits, by their ids, are in `qrels/train.tsv`, the others in
`qrels/test.tsv`.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

FEWEST_WORDS, MOST_WORDS = 4, 30
LONGEST = 4_000
# What begins and what divides a commit's parts: no text has these characters.
_COMMIT, _PART = "\x1e", "\x1f"


class Commit(msgspec.Struct, frozen=True):
    """A commit: its id, its first line, and what else is known of it."""

    id: str
    subject: str
    text: str


def main() -> int:
    """Writes the folder."""
    if len(sys.argv) != 3:
        print("usage: python -m tests.bench.commits FOLDER REPOSITORY", file=sys.stderr)
        return 2
    try:
        print(f"{write(Path(sys.argv[1]), Path(sys.argv[2]))} documents and questions")
    except subprocess.CalledProcessError as error:
        print(f"{sys.argv[2]} is not a git repository: {error.stderr.decode(errors='replace')}", file=sys.stderr)
        return 2
    return 0


def write(folder: Path, repository: Path) -> int:
    """Writes the set; how many questions it has. Raises `CalledProcessError` for what is no repository."""
    found = list(commits(repository))
    counted = Counter(one.subject for one in found)
    chosen = [one for one in found if counted[one.subject] == 1]
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("wb") as corpus, (folder / "queries.jsonl").open("wb") as queries:
        for one in chosen:
            corpus.write(msgspec.json.encode({"_id": one.id, "title": "", "text": one.text}) + b"\n")
            queries.write(msgspec.json.encode({"_id": f"q:{one.id}", "text": one.subject}) + b"\n")
    for split, digits in (("train", "01234567"), ("test", "89abcdef")):
        lines = [f"q:{one.id}\t{one.id}\t1" for one in chosen if one.id[0] in digits]
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines, ""]))
    return len(chosen)


def commits(repository: Path) -> Iterator[Commit]:
    """Those whose first line is long enough to ask, and that say something more."""
    form = f"--format={_COMMIT}%H{_PART}%s{_PART}%b{_PART}"
    command = ["git", "-C", str(repository), "log", "--no-merges", "--no-color", "--no-ext-diff", "-p", "-U0", form]
    whole = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")
    for one in whole.split(_COMMIT)[1:]:
        id_, subject, body, patch = (*one.split(_PART, 3), "", "")[:4]
        text = "\n".join([body.strip(), *_changed(patch)]).strip().replace("\x00", " ")[:LONGEST]
        if FEWEST_WORDS <= len(subject.split()) <= MOST_WORDS and text and subject not in text:
            yield Commit(id_, subject, text)


def _changed(patch: str) -> Iterator[str]:
    for line in patch.splitlines():
        if line.startswith("+++ b/"):
            yield line.removeprefix("+++ b/")
        elif line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
            yield line[1:]


if __name__ == "__main__":
    sys.exit(main())
