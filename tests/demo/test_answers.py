"""The known answers, held against what the APIs send."""

import json
import statistics
from datetime import timedelta

import msgspec
import pytest
from click.testing import CliRunner

from ovia_demo.answers import Answers, answers
from ovia_demo.answers.spread import at
from ovia_demo.answers.who import KnownMachine, KnownPerson
from ovia_demo.main import main
from ovia_demo.organisation import Organisation
from tests.demo.conftest import BASIC, PRIVATE, Serve


@pytest.fixture(scope="module")
def known(fernweh: Organisation) -> Answers:
    return answers(fernweh)


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
    merged = sum(one.merged_at is not None for one in fernweh.merge_requests)
    assert sum(one.merge_requests for one in known.throughput) == merged
    for one in known.throughput:
        assert sum(one.classes.values()) == one.work_items
    last = known.throughput[-1]
    begin = fernweh.until.replace(day=1)
    assert last.month == f"{begin:%Y-%m}"
    done = [
        one for one in fernweh.issues if one.status.category == "done" and one.resolved_at and one.resolved_at >= begin
    ]
    assert last.work_items == len(done)


def test_lead_times_are_those_of_the_histories(fernweh: Organisation, known: Answers) -> None:
    hours = [
        (one.resolved_at - one.created_at) / timedelta(hours=1)
        for one in fernweh.issues
        if one.status.category == "done" and one.resolved_at is not None
    ]
    assert known.work_items.lead_hours.n == len(hours) > 100
    assert known.work_items.lead_hours.p50 == pytest.approx(statistics.median(hours), abs=1e-6)


def test_first_responses_can_be_found_in_the_notes(fernweh: Organisation, known: Answers) -> None:
    hours = []
    for made in fernweh.merge_requests:
        human = [one for one in made.notes if not one.author.startswith("m-") and one.author != made.author]
        acts = [
            one.at
            for one in human
            if not one.system or one.text in ("approved this merge request", "requested changes")
        ]
        ready = [one.at for one in made.notes if one.text == "marked this merge request as **ready**"]
        start = ready[-1] if ready else made.created_at
        first = min((moment for moment in acts if moment >= start), default=None)
        if first is not None and not made.draft:
            hours.append((first - start) / timedelta(hours=1))
    spread = known.reviews.first_response_hours
    assert spread.n == len(hours) > 100
    assert spread.p50 == pytest.approx(statistics.median(hours), abs=1e-6)


def test_sprints_hold_what_was_committed_added_and_left_over(known: Answers) -> None:
    assert len(known.sprints) > 20
    for one in known.sprints:
        assert one.completed + one.not_done == one.scope
        assert one.completed_of_committed <= min(one.completed, one.committed)
        assert one.committed + one.added - one.removed <= one.scope + one.removed
    assert any(one.not_done for one in known.sprints)
    assert any(one.added for one in known.sprints)
    assert any(one.removed for one in known.sprints)


def test_every_bad_deployment_that_was_made_good_says_how_long_it_took(fernweh: Organisation, known: Answers) -> None:
    told = known.deployments
    assert told.all == told.successful + told.failed
    assert told.change_fail_rate == pytest.approx((told.failed + told.led_to_incident) / told.all, abs=1e-6)
    assert all(one.hours > 0 for one in told.recoveries)
    assert len(told.recoveries) <= told.failed + told.led_to_incident
    issues = {one.key: one for one in fernweh.issues}
    for one in told.recoveries:
        if one.incident is not None:
            assert issues[one.incident].type == "Incident"


def test_blockers_are_still_blocking(fernweh: Organisation, known: Answers) -> None:
    issues = {one.key: one for one in fernweh.issues}
    for one in known.blockers:
        issue = issues[one.key]
        assert issue.status.category != "done"
        assert (fernweh.until - one.since) / timedelta(days=1) == pytest.approx(one.age_days, abs=1e-5)
        if "flag" in one.reasons:
            assert issue.flagged


def test_percentiles_interpolate_as_in_a_database() -> None:
    assert at([1.0, 2.0, 4.0], 0.5) == 2.0
    assert at([1.0, 2.0], 0.9) == 1.9
    assert at([], 0.5) is None


def test_the_command_prints_them() -> None:
    printed = CliRunner().invoke(main, ["answers", "--people", "8", "--months", "2", "--until", "2026-11-01"])
    assert printed.exit_code == 0
    known = msgspec.convert(json.loads(printed.output), Answers)
    assert len(known.who_is_who.people) == 8
    assert max(one.month for one in known.throughput) == "2026-10"
    refused = CliRunner().invoke(main, ["answers", "--until", "soon"])
    assert refused.exit_code == 2
    assert "2026-11-01" in refused.output
