"""`python -m tests.bench.docstrings FOLDER`: a test set in BEIR's format, from what is installed with this checkout.

Nobody here wrote or labelled it: the questions are the summaries of docstrings of the standard library and of the
packages in the environment, and the document that answers one is the rest of its docstring, or the code where there is
no more to it. A summary never stands in its document. Packages are dealt out whole, to `qrels/train.tsv` or to
`qrels/test.tsv`, so that what is learned from some is judged by others.
"""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import msgspec

DOCUMENTS = 8000
SHORTEST, LONGEST = 5, 30
FEWEST_WORDS = 30
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "testing", "_vendor", "vendored"}
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Documented(msgspec.Struct, frozen=True):
    """Something with a docstring: what it is called, its summary, and what else is told of it."""

    package: str
    name: str
    summary: str
    text: str


def main() -> int:
    """Writes the folder."""
    if len(sys.argv) != 2:
        print("usage: python -m tests.bench.docstrings FOLDER", file=sys.stderr)
        return 2
    roots = (Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib")))
    documents, questions = write(Path(sys.argv[1]), roots)
    print(f"{documents} documents, {questions} questions")
    return 0


def write(folder: Path, roots: tuple[Path, ...], most: int = DOCUMENTS) -> tuple[int, int]:
    """Writes the set of at most so many documents, each with its question; the same installation gives the same set."""
    found: dict[str, Documented] = {}
    doubled: set[str] = set()
    for root in roots:
        for one in documented(root):
            for key in (one.summary, one.text):
                if key in found:
                    doubled.add(key)
                found[key] = one
    unique = {one.name: one for one in found.values() if one.summary not in doubled and one.text not in doubled}
    chosen = sorted(unique.values(), key=lambda one: _digest(one.name))[:most]
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("wb") as corpus, (folder / "queries.jsonl").open("wb") as queries:
        for one in chosen:
            corpus.write(msgspec.json.encode({"_id": one.name, "title": one.name.replace(".", " "), "text": one.text}))
            queries.write(msgspec.json.encode({"_id": "q:" + one.name, "text": one.summary}))
            corpus.write(b"\n")
            queries.write(b"\n")
    for split, belongs in (("train", True), ("test", False)):
        lines = [f"q:{one.name}\t{one.name}\t1" for one in chosen if (_digest(one.package)[0] < "8") is belongs]
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines, ""]))
    return len(chosen), len(chosen)


def documented(root: Path) -> Iterator[Documented]:
    """Everything below a folder of packages that has a docstring fit for a question."""
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).with_suffix("").parts
        if LEFT_OUT.isdisjoint(inside):
            try:
                tree = ast.parse(source := path.read_text("utf-8"))
            except (SyntaxError, ValueError, OSError):
                continue
            module = ".".join(part for part in inside if part != "__init__")
            yield from _inside(tree, module, inside[0], source)


def _inside(node: ast.AST, name: str, package: str, source: str) -> Iterator[Documented]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Named):
            own = f"{name}.{child.name}"
            one = _one(child, own, package, source)
            if one is not None:
                yield one
            yield from _inside(child, own, package, source)


def _one(node: _Named, name: str, package: str, source: str) -> Documented | None:
    docstring = ast.get_docstring(node)
    if not docstring:
        return None
    summary, _, rest = docstring.partition("\n\n")
    summary = " ".join(summary.split())
    if not SHORTEST <= len(summary.split()) <= LONGEST:
        return None
    text = rest.strip()
    if len(text.split()) < FEWEST_WORDS:
        lines = source.splitlines()[node.body[0].end_lineno or 0 : node.end_lineno]
        text = "\n".join([text, *lines]).strip()
    if len(text.split()) < FEWEST_WORDS or summary in text or "\x00" in text:
        return None
    return Documented(package, name, summary, text[:19_000])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
