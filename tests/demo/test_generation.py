"""What is generated: the same again from the same seed, growing with its size, consistent in itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from ovia_demo.organisation import Organisation, generate
from ovia_demo.organisation.model import Machine, Person
from ovia_demo.organisation.names import latin
from ovia_demo.organisation.pipelines import landed
from ovia_demo.organisation.times import UNTIL

DIGEST = """
import hashlib, msgspec
from ovia_demo.gitlab.payloads import Payloads as GitLab
from ovia_demo.jira.payloads import Payloads as Jira
from ovia_demo.organisation import generate
from ovia_demo.serving import Options, World, encode
organisation = generate(seed={seed}, people=12, months=3)
world = World(organisation, Options())
jira, gitlab = Jira(world, "http://here", cloud=True), GitLab(world, "http://here")
digest = hashlib.sha256(msgspec.json.encode(organisation))
for issue in organisation.issues:
    digest.update(jira.issue(issue, changelog=True))
for one in organisation.merge_requests:
    digest.update(encode(gitlab.merge_request(one, full=True)))
print(digest.hexdigest())
"""


def digest(seed: int, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", DIGEST.format(seed=seed)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_two_processes_generate_the_same_bytes_from_one_seed_and_others_from_another() -> None:
    first = digest(7, "1")
    assert len(first) == 64
    assert digest(7, "2") == first
    assert digest(8, "1") != first


def moments(value: Any) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from moments(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from moments(getattr(value, name))


def test_every_moment_is_of_whole_milliseconds_in_utc(fernweh: Organisation) -> None:
    assert all(one.tzinfo is UTC and one.microsecond % 1000 == 0 for one in moments(fernweh))


def test_nothing_happened_after_the_end(fernweh: Organisation) -> None:
    for issue in fernweh.issues:
        assert max(moments([issue.histories, issue.comments, issue.worklogs, issue.updated_at])) <= UNTIL
    for one in fernweh.merge_requests:
        assert max(moments(one)) <= UNTIL
    for pipeline in fernweh.pipelines:
        assert max(moments([pipeline.created_at, pipeline.finished_at, pipeline.updated_at])) <= UNTIL


def test_ids_rise_with_time(fernweh: Organisation) -> None:
    for records in (fernweh.issues, fernweh.merge_requests, fernweh.pipelines, fernweh.deployments, fernweh.pages):
        keys = [(one.id, one.created_at) for one in records]
        assert keys == sorted(keys)
        assert [created for _, created in keys] == sorted(created for _, created in keys)


def test_a_history_leads_from_each_value_to_the_next(fernweh: Organisation) -> None:
    for issue in fernweh.issues:
        states = [change for entry in issue.histories for change in entry.changes if change.field == "status"]
        for before, after in pairwise(states):
            assert before.to_value == after.from_value
        if states:
            assert states[-1].to_value == str(issue.status.id)
        sprints = [change for entry in issue.histories for change in entry.changes if change.field == "Sprint"]
        if sprints:
            assert sprints[-1].to_value == ", ".join(str(one) for one in issue.sprints)


def test_every_mail_address_is_of_an_invented_domain(fernweh: Organisation) -> None:
    actors: list[Person | Machine] = [*fernweh.people, *fernweh.machines]
    mails = [one.email for actor in actors for one in actor.accounts if one.email]
    assert len(mails) > 60
    assert all(mail.endswith(".example") for mail in mails)


def test_the_mess_of_real_sources_is_there() -> None:
    big = generate(seed=7)
    assert any(one.former_keys for one in big.issues)
    assert any(len(one.histories) > 40 for one in big.issues)
    assert any(len(one.comments) > 20 for one in big.issues)
    assert any(one.merged_at and one.updated_at < one.merged_at for one in big.merge_requests)
    assert any(one.updated_at is None for one in big.pipelines)
    assert any(one.updated_at is None for one in big.deployments)
    assert any(one.purpose == "rollback" for one in big.deployments)
    assert any(one.former_name for one in big.people)
    names = [one.name for one in big.people]
    assert len(names) - len(set(names)) == 1
    assert any(one.text == "unapproved this merge request" for made in big.merge_requests for one in made.notes)
    assert len(big.people) == 60
    assert len(big.repositories) == 12


def test_it_grows_with_people_and_months(fernweh: Organisation) -> None:
    few, short = generate(people=6, months=6), generate(people=24, months=2)
    assert len(few.issues) < len(fernweh.issues) / 2
    assert len(short.merge_requests) < len(fernweh.merge_requests) / 2


@pytest.mark.parametrize(("people", "months"), [(5, 6), (20, 0)])
def test_an_organisation_too_small_is_refused(people: int, months: int) -> None:
    with pytest.raises(ValueError, match="at least 6 people"):
        generate(people=people, months=months)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [("Щукина", "shchukina"), ("Löwenzahn", "loewenzahn"), ("Núñez-Vega", "nunez-vega"), ("Ёлкин", "yolkin")],
)
def test_names_are_spelt_in_latin_letters(name: str, spelt: str) -> None:
    assert latin(name) == spelt


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_each_merge_is_credited_to_the_first_good_deployment_that_contains_it(seed: int) -> None:
    organisation = generate(seed=seed, people=30, months=9)
    production = {one.id for one in organisation.environments if one.tier == "production"}
    for repository in organisation.repositories:
        merged = [one for one in organisation.merge_requests if one.repository == repository.id and one.merged_at]
        landings = sorted(
            (one for one in merged if one.target_branch == "main"), key=lambda one: (one.merged_at, one.id)
        )
        place = {landed(one): number for number, one in enumerate(landings)}
        contained = 0
        for deployment in organisation.deployments:
            if deployment.repository != repository.id or deployment.environment not in production:
                continue
            if deployment.status != "success" or deployment.purpose == "rollback":
                assert deployment.merge_requests == []
                continue
            reached = max(contained, place.get(deployment.sha, -1) + 1)
            assert deployment.merge_requests == [one.id for one in landings[contained:reached]]
            contained = reached


def test_an_incident_begins_after_the_deployment_that_caused_it_and_ends_after_the_one_that_restored() -> None:
    organisation = generate(seed=7, people=60, months=9)
    issues = {one.id: one for one in organisation.issues}
    fixes = 0
    for one in organisation.deployments:
        if one.incident is not None:
            assert one.created_at < issues[one.incident].created_at
        if one.restores is not None and (resolved := issues[one.restores].resolved_at) is not None:
            assert issues[one.restores].created_at < one.created_at
            fixes += one.created_at < resolved
    assert fixes > 10
