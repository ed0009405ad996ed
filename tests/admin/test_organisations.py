"""`ovia admin create-organisation` and `organisations`."""

from uuid import UUID

import psycopg
import pytest

from tests.admin.conftest import Run


def test_a_new_organisation_is_listed_and_audited(ovia: Run, database_dsn: str) -> None:
    made = ovia("create-organisation", "Fernweh Gliders", "--time-zone", "Europe/Berlin", "--actor", "ada")
    assert made.code == 0
    org_id = UUID(made.out.strip())
    listed = ovia("organisations", "--json").json()
    assert [(each["id"], each["name"], each["time_zone"]) for each in listed] == [
        (str(org_id), "Fernweh Gliders", "Europe/Berlin")
    ]
    with psycopg.connect(database_dsn) as connection:
        entries = connection.execute("select org_id, actor, action, subject_kind, subject_id from audit_log").fetchall()
    assert entries == [(org_id, "ada", "create", "organisation", org_id)]


def test_the_table_cuts_nothing_and_takes_names_as_they_are(ovia: Run) -> None:
    name = "[red]" + "N" * 150 + "[/red] Żuraw"
    org_id = ovia("create-organisation", name).out.strip()
    table = ovia("organisations").out
    assert name in table
    assert org_id in table


def test_an_empty_list_says_so_beside_the_data(ovia: Run) -> None:
    said = ovia("organisations")
    assert (said.code, said.out) == (0, "")
    assert "no organisation" in said.err
    assert ovia("organisations", "--json").json() == []


def test_a_name_is_given_once(ovia: Run, fernweh: str) -> None:
    said = ovia("create-organisation", "Fernweh Gliders")
    assert said.code == 1
    assert said.err == "an organisation named Fernweh Gliders exists already\n"


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "two\nlines", "bell\a"])
def test_a_bad_name_is_refused_in_a_sentence(ovia: Run, name: str) -> None:
    said = ovia("create-organisation", name)
    assert said.code == 2
    assert said.err == "a name has 1 to 200 printable characters\n"


@pytest.mark.parametrize("zone", ["Berlin", "europe/berlin", "abc3", "", "UTC'; drop table tokens --"])
def test_an_unknown_time_zone_is_refused(ovia: Run, zone: str) -> None:
    said = ovia("create-organisation", "Fernweh Gliders", "--time-zone", zone)
    assert said.code == 2
    assert "Europe/Berlin" in said.err
    assert ovia("organisations", "--json").json() == []
