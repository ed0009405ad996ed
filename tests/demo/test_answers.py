"""The known answers, held against what the APIs send."""

import json
from collections import Counter

import msgspec
import pytest
from click.testing import CliRunner

from ovia_demo.answers import Answers
from ovia_demo.answers.scopes import Membership
from ovia_demo.answers.shipping import changes
from ovia_demo.answers.spread import at
from ovia_demo.answers.timeline import items
from ovia_demo.answers.who import KnownMachine, KnownPerson
from ovia_demo.main import main
from ovia_demo.organisation import Organisation
from tests.demo.conftest import BASIC, PRIVATE, Serve


async def test_counts_are_those_of_the_apis(serve: Serve, fernweh: Organisation, known: Answers) -> None:
    source = await serve(fernweh, {**BASIC, **PRIVATE})
    jira, gitlab, wiki = known.counts["jira"], known.counts["gitlab"], known.counts["confluence"]
    assert len(await source.get("/jira/rest/api/3/users/search", maxResults=1000)) == jira["users"]
    assert len(await source.get("/jira/rest/api/3/status")) == jira["statuses"]
    assert len(await source.get("/jira/rest/api/3/field")) == jira["fields"]
    assert len(await source.follow("/gitlab/api/v4/users")) == gitlab["users"]
    merge_requests, jobs = 0, 0
    for project in range(1, 13):
        merge_requests += len(await source.follow(f"/gitlab/api/v4/projects/{project}/merge_requests", per_page=100))
        jobs += len(await source.follow(f"/gitlab/api/v4/projects/{project}/jobs", per_page=100))
    assert (merge_requests, jobs) == (gitlab["merge_requests"], gitlab["jobs"])
    assert len(await source.follow("/confluence/wiki/api/v2/pages", limit=100)) == wiki["pages"]
    assert len(await source.follow("/confluence/wiki/api/v2/blogposts", limit=100)) == wiki["blogposts"]


def test_every_author_of_a_commit_is_somebody_known(fernweh: Organisation, known: Answers) -> None:
    known_actors: list[KnownPerson | KnownMachine] = [*known.who_is_who.people, *known.who_is_who.machines]
    signatures = {
        (one.name, one.email): actor.id for actor in known_actors for one in actor.accounts if one.source == "git"
    }
    for made in fernweh.merge_requests:
        for commit in made.commits:
            assert signatures[commit.author_name, commit.author_email] == commit.author


def test_no_account_belongs_to_two_people(known: Answers) -> None:
    owners: dict[tuple[str, str], str] = {}
    for person in known.who_is_who.people:
        for one in person.accounts:
            assert owners.setdefault((one.source, one.external_id), person.id) == person.id


def test_months_add_up_to_the_whole(fernweh: Organisation, known: Answers) -> None:
    for kpi in ("throughput.merge_requests", "review.first_response_hours", "dora.change_lead_hours"):
        months = sum(known.find(kpi, window=one.name).n for one in known.windows[1:])
        assert known.find(kpi).n == months > 100


def test_products_add_up_to_the_organisation_and_teams_to_less_because_machines_are_in_none(known: Answers) -> None:
    for kpi in ("throughput.merge_requests", "throughput.work_items", "dora.deployment_frequency"):
        parts = {
            kind: sum(known.find(kpi, kind, one.id).n for one in known.scopes if one.kind == kind)
            for kind in ("product", "team")
        }
        assert parts["product"] == known.find(kpi).n > parts["team"] > 0


def test_every_kpi_is_answered_for_every_scope_and_window_and_none_is_the_same_everywhere(known: Answers) -> None:
    places = {(scope.kind, scope.id, window.name) for scope in known.scopes for window in known.windows}
    by_kpi: dict[str, dict[tuple[str, str, str], dict[str, float | None]]] = {}
    for one in known.kpis:
        by_kpi.setdefault(one.kpi, {})[one.kind, one.scope, one.window] = one.values
    for kpi, found in by_kpi.items():
        if not kpi.startswith("identity."):
            assert set(found) == places, kpi
            assert len({tuple(values.values()) for values in found.values()}) > 4, kpi
    assert len(by_kpi) == 35


def test_somebody_changed_teams_and_counts_for_each_in_their_time(known: Answers) -> None:
    stays: dict[str, list[Membership]] = {}
    for one in known.memberships:
        stays.setdefault(one.person, []).append(one)
    moved = [pair for pair in stays.values() if len(pair) == 2]
    assert moved
    for before, after in moved:
        assert before.until == after.since
        assert before.team != after.team


def test_failed_changes_are_those_that_were_meant(fernweh: Organisation, known: Answers) -> None:
    meant = {one.id for one in fernweh.deployments if one.incident is not None and one.status == "success"}
    assert {one.deployment for one in known.failed_changes} == meant
    assert all(one.hours is not None and one.hours > 0 for one in known.failed_changes)


def test_merge_requests_reached_production_with_the_deployments_that_were_meant(fernweh: Organisation) -> None:
    for change in changes(fernweh, items(fernweh)):
        assert [one.id for one in change.new] == change.deployment.merge_requests


def test_risks_are_those_behind_the_number(known: Answers) -> None:
    kinds = Counter(one.kind for one in known.risks)
    stale = known.find("merge_request.stale_share")
    assert kinds["blocker"] == known.find("blockers.open").n > 0
    assert kinds["stale"] == pytest.approx((stale.values["share"] or 0) * stale.n)
    assert all(one.age_days >= 7 for one in known.risks if one.kind == "stale")


def test_percentiles_interpolate_as_in_a_database() -> None:
    assert at([1.0, 2.0, 4.0], 0.5) == 2.0
    assert at([1.0, 2.0], 0.9) == 1.9
    assert at([], 0.5) is None


def test_the_command_prints_them() -> None:
    printed = CliRunner().invoke(main, ["answers", "--people", "8", "--months", "2", "--until", "2026-11-01"])
    assert printed.exit_code == 0
    known = msgspec.convert(json.loads(printed.output), Answers)
    assert len(known.who_is_who.people) == 8
    assert known.windows[-1].name == "2026-10"
    refused = CliRunner().invoke(main, ["answers", "--until", "soon"])
    assert refused.exit_code == 2
    assert "2026-11-01" in refused.output
