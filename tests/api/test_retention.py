"""What is kept how long, over HTTP: what can be known, and nothing more."""

from ovia_shared.admin.pruning import prune_all
from ovia_shared.config.settings import RetentionSettings
from tests.api.conftest import Organisations, Service
from tests.conftest import OpenDatabase


async def test_what_was_never_run_with_is_not_known(service: Service, organisations: Organisations) -> None:
    async with service.client(**organisations[0].authorization("admin")) as admin:
        told = (await admin.get("/retention")).json()
    assert (told["last_run"], told["facts_known_since"]) == (None, None)
    settable = {one["setting"]: one for one in told["kept"] if one["setting"]}
    assert len(settable) == 8
    assert not any(one["known"] for one in settable.values())
    assert settable["OVIA_SYNC_RUNS_RETENTION_DAYS"]["default_days"] == 30
    assert settable["OVIA_AUDIT_RETENTION_DAYS"]["least_days"] == 90
    assert settable["OVIA_RAW_RETENTION_DAYS"]["stays"] == "the newest version of each record"
    fixed = {one["what"]: one["days"] for one in told["kept"] if one["setting"] is None}
    assert fixed["previews of settings"] == 1
    assert fixed["decisions about who is who"] is None


async def test_what_pruning_last_ran_with_is_told(
    service: Service, organisations: Organisations, open_database: OpenDatabase
) -> None:
    owner = await open_database("ovia_owner")
    settings = RetentionSettings.model_validate({"audit_retention_days": 365, "facts_retention_days": 30})
    await prune_all(owner, settings, "Fernweh Gliders", actor="nightly", dry_run=True)
    async with service.client(**organisations[0].authorization("admin")) as admin:
        assert (await admin.get("/retention")).json()["last_run"] is None
        await prune_all(owner, settings, "Fernweh Gliders", actor="nightly", dry_run=False)
        told = (await admin.get("/retention")).json()
    assert (told["last_run"]["actor"], told["last_run"]["dropped"]) == ("nightly", {})
    assert told["facts_known_since"] is not None
    days = {one["setting"]: (one["known"], one["days"]) for one in told["kept"]}
    assert days["OVIA_AUDIT_RETENTION_DAYS"] == (True, 365)
    assert days["OVIA_RAW_RETENTION_DAYS"] == (True, None)
    assert days["OVIA_VIEWS_RETENTION_DAYS"] == (True, 365)
    async with service.client(**organisations[1].authorization("admin")) as theirs:
        assert (await theirs.get("/retention")).json()["last_run"] is None
    async with service.client(**organisations[0].authorization("manager")) as manager:
        assert (await manager.get("/retention")).status_code == 403
