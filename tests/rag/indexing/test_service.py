"""The rag service indexes by itself, and by command."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from ovia_rag.indexing.gauges import IndexGauges
from ovia_rag.indexing.watching import Watcher
from ovia_rag.providers.failures import Failure, ProviderFailed
from ovia_shared.database import notices
from ovia_shared.database.ask import states
from ovia_shared.kpis.catalogue import CATALOGUE
from tests.conftest import RoleDsn
from tests.rag.indexing.conftest import Texts


async def test_the_end_of_a_run_of_the_ingest_has_texts_indexed(texts: Texts) -> None:
    await texts.put("documents", "1", body="Waxed.")
    watcher = Watcher(texts.dsn, texts.choose, poll=3600)
    await watcher.start()
    await _until_told(texts, ["Waxed."])
    await texts.put("documents", "2", body="Painted.")
    await _until_told(texts, ["Waxed.", "Painted."])
    await watcher.stop()


async def test_a_model_that_fails_does_not_end_the_watcher(texts: Texts) -> None:
    assert texts.embedder is not None
    texts.embedder.refused["Waxed"] = ProviderFailed("asleep", failure=Failure.UNREACHABLE)
    await texts.put("documents", "1", body="Waxed.")
    watcher = Watcher(texts.dsn, texts.choose, poll=3600)
    await watcher.start()
    await _until_told(texts, ["Waxed."])
    texts.embedder.refused.clear()
    await texts.put("documents", "2", body="Painted.")
    await _until_told(texts, ["Waxed.", "Painted."])
    await watcher.stop()


async def test_told_to_end_the_watcher_begins_no_further_organisation(texts: Texts) -> None:
    await texts.put("documents", "1", body="Waxed.")
    watcher = Watcher(texts.dsn, texts.choose, poll=3600)
    watcher.finish()
    await watcher.start()
    await watcher.stop()
    assert await texts.told() == []


async def test_while_sources_are_read_it_waits_for_the_end_but_not_for_ever(texts: Texts) -> None:
    await texts.put("documents", "1", body="Waxed.")
    connection, reader = uuid4(), uuid4()
    await texts.admin.execute(
        "insert into connections (org_id, id, kind, name, base_url) values ($1, $2, 'git', 'x', 'x')",
        texts.org_id, connection,
    )  # fmt: skip
    await texts.admin.execute(
        """
        insert into sync_partitions (org_id, id, connection_id, stream, lease_owner, lease_expires_at)
        values ($1, $3, $2, 'commits', $4, now() + interval '1 hour')
        """,
        texts.org_id, connection, uuid4(), str(reader),
    )  # fmt: skip
    watcher = Watcher(texts.dsn, texts.choose, poll=0.05)
    await watcher.start()
    await asyncio.sleep(0.5)
    assert await texts.told() == []
    await texts.admin.execute("update sync_partitions set lease_expires_at = null")
    await _until_told(texts, ["Waxed."])
    await watcher.stop()

    await texts.admin.execute("update sync_partitions set lease_expires_at = now() + interval '1 hour'")
    await texts.put("documents", "2", body="Painted.")
    watcher = Watcher(texts.dsn, texts.choose, poll=0.05, patience=0.2)
    await watcher.start()
    await _until_told(texts, ["Waxed.", "Painted."])
    await watcher.stop()


async def _until_told(texts: Texts, expected: list[str]) -> None:
    # Said again until it is heard: the watcher may not listen yet.
    async with asyncio.timeout(60):
        while await texts.told() != expected:
            await texts.admin.execute("select pg_notify($1, $2)", notices.INGESTED, str(texts.org_id))
            await asyncio.sleep(0.05)


async def run(role_dsn: RoleDsn, directory: Path, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ovia_rag.main", "index", *arguments,
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "OVIA_DATABASE_URL": role_dsn("ovia_rag"), "OVIA_SECRETS_DIR": str(directory),
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    return process.returncode, err.decode()


async def test_the_command_indexes_with_what_comes_with_ovia_and_says_what_it_did(
    texts: Texts, role_dsn: RoleDsn, tmp_path: Path
) -> None:
    await texts.put("documents", "1", body="Waxed.")
    code, said = await run(role_dsn, tmp_path, "--rebuild", "--organisation", str(texts.org_id))
    assert code == 0, said
    assert said.startswith(f"Fernweh Gliders: {len(CATALOGUE) + 1} sources looked at in ")
    assert await texts.told() == ["Waxed."]
    ((provider, dimension),) = await texts.rows("select provider, dimension from ask_embedding_indexes")
    assert (provider, dimension) == ("embedded", 256)
    assert await texts.rows("select count(*) > 30 from ask_embeddings") == [(True,)]


async def test_the_command_says_when_it_cannot(texts: Texts, role_dsn: RoleDsn, tmp_path: Path) -> None:
    unknown = uuid4()
    async with states.alone(texts.dsn, texts.org_id):
        (code, said), (other_code, other_said) = await asyncio.gather(
            run(role_dsn, tmp_path, "--organisation", str(texts.org_id)),
            run(role_dsn, tmp_path, "--organisation", str(unknown)),
        )
    assert (code, said) == (
        1,
        "Error: Fernweh Gliders is being indexed by somebody else; try again later\n",
    )
    assert (other_code, other_said) == (1, f"Error: there is no organisation {unknown}\n")


async def test_prometheus_is_told_how_far_the_index_is_behind(texts: Texts) -> None:
    gauges = IndexGauges(texts.database)
    label = f'{{organisation="{texts.org_id}"}}'
    before = (await gauges.text()).decode()
    assert f"ovia_ask_index_lag_seconds{label}" not in before
    assert f"ovia_ask_index_chunks{label} 0.0" in before

    assert texts.embedder is not None
    texts.embedder.refused["Waxed"] = ProviderFailed("asleep", failure=Failure.UNREACHABLE)
    await texts.put("documents", "1", body="Waxed.")
    with pytest.raises(ProviderFailed):
        await texts.index()
    chunks = (await texts.state()).chunks
    text = (await gauges.text()).decode()
    assert f"ovia_ask_index_failing{label} 1.0" in text
    assert f"ovia_ask_index_chunks{label} {float(chunks)}" in text
    assert f"ovia_ask_index_vectors_missing{label} {float(chunks)}" in text
    assert f"ovia_ask_index_sources_waiting{label} 0.0" in text
    assert f"ovia_ask_index_lag_seconds{label}" in text

    texts.embedder.refused.clear()
    await texts.index()
    text = (await gauges.text()).decode()
    assert f"ovia_ask_index_failing{label} 0.0" in text
    assert f"ovia_ask_index_vectors_missing{label} 0.0" in text
