"""Old and new replicas run side by side during an upgrade: no migration takes away what old ones need."""

import re
from pathlib import Path

import pytest

from ovia_shared.database import migrate
from tests.schema.side_by_side import BEFORE_ANY_RELEASE, broken_by, released_without

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"

BREAKING = [
    "drop table people",
    "alter table people drop column display_name",
    "alter table people rename column display_name to name",
    "alter table people rename to persons",
    "alter table people alter column primary_email set not null",
    "alter table people alter column primary_email type varchar(10)",
    "alter table people alter column display_name drop default",
    "alter table people add column rank int not null",
    "alter table people add constraint named check (display_name <> '')",
    "alter table people add constraint named check (display_name <> '') not valid",
    "alter table people add check (display_name <> '')",
    "alter table people add constraint once unique (org_id, primary_email)",
    "alter table people\n  add constraint known foreign key (org_id, team_id) references teams (org_id, id) not valid",
    "create unique index once on people (org_id, primary_email)",
    "drop view busy",
    "drop function current_org()",
    "revoke select on people from ovia_api",
    "drop policy tenant on people",
    "alter type mood rename value 'a' to 'b'",
]
HARMLESS = [
    "create table newcomers (org_id uuid not null, a int check (a > 0), primary key (org_id, a))",
    "create table newcomers (a int);\ncreate unique index newcomers_once on newcomers (a);\n"
    "alter table newcomers add constraint positive check (a > 0)",
    "alter table people add column rank int",
    "alter table people add column rank int not null default 0",
    "create index people_by_rank on people (org_id, display_name)",
    "drop index people_by_rank",
    "grant select on people to ovia_rag",
    "insert into settings values ('drop table people; alter table people drop column x')",
    "create function f() returns int language plpgsql as $$ begin drop table people; return 1; end $$",
    "-- drop table people;\nselect 1",
    "alter table people alter column primary_email drop not null",
]


def migrations() -> list[Path]:
    """Those that may be applied while replicas of an earlier release run."""
    known = [migrate.migrations_directory() / f"{name}.sql" for name in migrate.names()]
    return [one for one in known if int(one.name[:4]) > BEFORE_ANY_RELEASE]


def test_no_migration_takes_away_what_the_release_before_needs() -> None:
    released = set(re.findall(r"^## \[(\d+\.\d+\.\d+)\]", CHANGELOG.read_text(), re.MULTILINE))
    for migration in migrations():
        broken, since = broken_by(migration), released_without(migration)
        # A contract names a release that is out: only then can all replicas be of one that does without.
        assert not broken or since in released, f"{migration.name} {', '.join(sorted(broken))}"


@pytest.mark.parametrize("statement", BREAKING)
def test_what_old_replicas_cannot_live_with_is_found(statement: str, tmp_path: Path) -> None:
    migration = tmp_path / "9001_breaking.sql"
    migration.write_text(f"-- depends: 0001_tenancy\n{statement};\n")
    assert broken_by(migration)
    assert released_without(migration) is None


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_only_adds_is_let_through(statement: str, tmp_path: Path) -> None:
    migration = tmp_path / "9001_adding.sql"
    migration.write_text(f"-- depends: 0001_tenancy\n{statement};\n")
    assert broken_by(migration) == set()


def test_a_contract_says_which_release_does_without(tmp_path: Path) -> None:
    migration = tmp_path / "9001_contract.sql"
    migration.write_text("-- depends: 0001_tenancy\n-- contract: 0.3.0\ndrop table people;\n")
    assert broken_by(migration) == {"drops a table"}
    assert released_without(migration) == "0.3.0"


def test_the_schema_of_the_first_release_was_made_without_minding_and_is_seen_to_be() -> None:
    known = [migrate.migrations_directory() / f"{name}.sql" for name in migrate.names()]
    first = [one for one in known if one not in migrations()]
    assert {one.stem for one in first if broken_by(one)} == {
        "0011_connections_api",
        "0012_settings_and_products",
        "0015_people",
    }
