"""Fails when a source file is longer than the house allows: past that, what it holds wants another room."""

import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 300
CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = ("infra", "migrations", "services", "shared", "tests")
KINDS = {".py", ".sql", ".caddy", ".html", ".css", ".js", ".sh"}
BUILT = {"__pycache__", "build", "dist", "node_modules"}


def main() -> int:
    lengths = {path: path.read_bytes().count(b"\n") for path in sources()}
    too_long = {path: length for path, length in lengths.items() if length > LONGEST}
    for path, length in sorted(too_long.items()):
        print(
            f"{path.relative_to(CHECKOUT)}: {length} lines, {LONGEST} at most; divide what it does",
            file=sys.stderr,
        )
    if not too_long:
        print(f"{len(lengths)} files, none longer than {LONGEST} lines")
    return 1 if too_long else 0


def sources() -> Iterator[Path]:
    for room in ROOMS:
        for path in (CHECKOUT / room).rglob("*"):
            inside = path.relative_to(CHECKOUT).parts
            if path.suffix in KINDS and not BUILT.intersection(inside) and not any(p.startswith(".") for p in inside):
                yield path


if __name__ == "__main__":
    sys.exit(main())
