"""`ovia-ingest link` as an operator runs it."""

from ovia_shared.database import organisation_settings
from ovia_shared.linking.incremental import SETTING
from ovia_shared.models.decision import MatchingSettings
from tests.conftest import OpenDatabase, SampleOrganisation
from tests.ingest.conftest import Finished, Ingest, ingest
from tests.linking.conftest import Accounts

__all__ = ["ingest"]


async def run(ingest: Ingest, *arguments: str) -> Finished:
    process = await ingest.start(*arguments)
    out, err = await process.communicate()
    return Finished(process.returncode or 0, out.decode(), err.decode())


async def test_an_operator_links_previews_and_matches_anew(
    accounts: Accounts,
    ingest: Ingest,
    organisations: tuple[SampleOrganisation, SampleOrganisation],
    open_database: OpenDatabase,
) -> None:
    ours = organisations[0]
    first = await accounts.show("Ada Brandt", "ada@fernweh.example.org")
    await accounts.show("Ada Brandt", None, source="jira", username="abrandt")
    linked = await run(ingest, "link", "--organisation", ours.name)
    assert (linked.code, "1 new" in linked.err) == (0, True), linked.err
    person = await accounts.person_of(first)
    assert person is not None
    api = await open_database("ovia_api")
    async with api.transaction(ours.id) as conn:
        await organisation_settings.write(conn, ours.id, SETTING, MatchingSettings(auto=0.9999999), "a test")
    before = await accounts.everything()
    preview = await run(ingest, "link", "--organisation", ours.name, "--preview")
    assert (preview.code, "Nothing was written" in preview.err) == (0, True), preview.err
    assert "nobody" in preview.out or "conflict" in preview.out
    assert await accounts.everything() == before
    full = await run(ingest, "link", "--organisation", ours.name, "--full")
    assert (full.code, "Changed:" in full.err) == (0, True), full.err
    assert await accounts.everything() != before
