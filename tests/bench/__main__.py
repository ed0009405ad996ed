"""`python -m tests.bench [NAME…]`: measures beside the limits of the machine. Without a name, everything.

Names: http, git, sources, linking, undo, matching, facts, kpis, ask.
"""

import asyncio
import sys

from tests.bench import ask, facts, git_ingest, http_lists, kpis, linking, matching, sources, undoing
from tests.bench.report import publish

BENCHES = {
    "http": http_lists.run,
    "git": git_ingest.run,
    "sources": sources.run,
    "linking": linking.run,
    "undo": undoing.run,
    "matching": matching.run,
    "facts": facts.run,
    "kpis": kpis.run,
    "ask": ask.run,
}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; known are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in wanted:
        publish(name, asyncio.run(BENCHES[name]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
