"""Matching invented accounts from nothing: wall time, processor time and peak memory of a process of its own."""

import asyncio
import resource
import sys
import time

import msgspec

from ovia_shared.linking.collector import resting
from ovia_shared.matching.engine import match
from ovia_shared.matching.measures import pairwise
from ovia_shared.models.identity import Account
from tests.bench.invented_accounts import invented_accounts
from tests.bench.report import Table

SIZES = (10_000, 100_000, 1_000_000)
TARGETS = {10_000: (0.4, ""), 100_000: (4, ""), 1_000_000: (50, "2.5 GiB")}


class Measured(msgspec.Struct, frozen=True):
    """Seconds, and bytes at the peak, accounts included; precision and recall over pairs of what was linked at once."""

    wall: float
    processor: float
    peak: int
    before: int
    precision: float
    recall: float


async def run() -> list[Table]:
    """One row for each size."""
    rows = []
    for size in SIZES:
        found = await _apart("match", size)
        seconds, memory = TARGETS[size]
        rows.append(
            (
                f"{size:,}",
                f"{found.wall:.2f} s",
                f"{seconds} s",
                f"{found.processor:.2f} s",
                f"{found.peak / 2**30:.2f} GiB",
                memory,
                f"{found.before / 2**30:.2f} GiB",
                f"{found.precision:.4f}",
                f"{found.recall:.4f}",
            )
        )
    columns = ("accounts", "wall", "target", "processor", "peak", "target", "accounts alone", "precision", "recall")
    one = [f"{(await _apart('one', size)).wall * 1000:.1f} ms" for size in (100_000,)]
    return [
        Table("Matching from nothing (invented accounts)", columns, tuple(rows)),
        Table("One new account and the accounts that share a key with it", ("known", "wall"), (("100,000", *one),)),
    ]


async def _apart(what: str, size: int) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.matching", what, str(size), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"matching {size} accounts ended with {process.returncode}")
    return msgspec.json.decode(out, type=Measured)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _match(size: int) -> Measured:
    match(invented_accounts(200, seed=3)[0])
    accounts, owners = invented_accounts(size)
    before = _peak()
    wall, processor = time.perf_counter(), time.process_time()
    with resting():
        decisions = match(accounts)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = _peak()
    clusters = {
        link.identity_id: number
        for number, person in enumerate(decisions.people)
        for link in person.links
        if link.status == "auto"
    }
    truth = {account.id: owner for account, owner in zip(accounts, owners, strict=True)}
    found = pairwise(clusters, truth).agreement
    return Measured(wall, processor, peak, before, found.precision, found.recall)


def _one(size: int) -> Measured:
    """Matches one account beside those that share a key with it, as an incremental run does once it has read them."""
    from ovia_shared.matching.profile import keys, read_profile

    accounts, _ = invented_accounts(size)
    by_key: dict[int, list[int]] = {}
    for place, account in enumerate(accounts):
        for _, key in keys(read_profile(account)):
            by_key.setdefault(key, []).append(place)
    times = []
    for new in accounts[-200:]:
        blocks = [by_key[key] for _, key in keys(read_profile(new))]
        near: list[Account] = [accounts[place] for block in blocks if len(block) <= 40 for place in block]
        distinct = list({account.id: account for account in [*near, new]}.values())
        started = time.perf_counter()
        match(distinct)
        times.append(time.perf_counter() - started)
    median = sorted(times)[len(times) // 2]
    return Measured(median, median, _peak(), 0, 1.0, 1.0)


if __name__ == "__main__":
    made = {"match": _match, "one": _one}[sys.argv[1]](int(sys.argv[2]))
    sys.stdout.buffer.write(msgspec.json.encode(made))
