"""The loops beside the metrics service end between two organisations, not within one."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from ovia_metrics.facts import watching
from ovia_metrics.facts.watching import Watcher
from ovia_metrics.forecasts import scoring_loop
from ovia_metrics.forecasts.scoring_loop import Scorer
from ovia_metrics.snapshots import keeping
from ovia_metrics.snapshots.keeping import Keeper
from ovia_shared.database.pool import Database
from tests.conftest import RoleDsn, SampleOrganisation

Loop = Watcher | Keeper | Scorer


class Nothing(tuple[()]):
    """What a loop is told when there was nothing to do."""

    judged = 0


@pytest.mark.parametrize(
    ("kind", "module", "work"),
    [(Watcher, watching, "derive_facts"), (Scorer, scoring_loop, "judge_all"), (Keeper, keeping, "_look")],
)
async def test_told_to_finish_it_ends_the_organisation_at_hand_and_begins_no_other(
    kind: type[Loop],
    module: Any,
    work: str,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
    role_dsn: RoleDsn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[UUID] = []
    ended: list[UUID] = []
    loop = kind(role_dsn("ovia_metrics"))

    async def one(*arguments: Any) -> Any:
        database, org_id = arguments[-2:]
        assert isinstance(database, Database)
        begun.append(org_id)
        loop.finish()
        async with database.bare_transaction() as conn:
            await conn.execute("select pg_sleep(0.05)")
        ended.append(org_id)
        return Nothing()

    monkeypatch.setattr(kind if work == "_look" else module, work, one)
    await loop.start()
    assert loop._task is not None
    await asyncio.wait_for(loop._task, 60)
    assert begun == ended
    assert len(begun) == 1
    await loop.stop()
