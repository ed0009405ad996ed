"""Each KPI of merge requests, pipelines and deployments once more, and those made of others, by brute force."""

from datetime import datetime
from statistics import median

from ovia_demo.answers import Answers
from ovia_demo.organisation import Organisation
from ovia_demo.organisation.pipelines import landed
from tests.demo.by_hand import DAY, HOUR, MONTH, in_september, near, ninth


def test_reviews(fernweh: Organisation, known: Answers) -> None:
    hours, durations, waiting = [], [], 0
    for made in fernweh.merge_requests:
        ready = [one.at for one in made.notes if one.text == "marked this merge request as **ready**"]
        start = ready[0] if ready else None if made.draft else made.created_at
        if start is None:
            continue
        over = made.merged_at or made.closed_at or fernweh.until
        first = None
        for note in made.notes:
            telling = not note.system or note.text in ("approved this merge request", "requested changes")
            human = note.author not in {one.id for one in fernweh.machines} and note.author != made.author
            if telling and human and start <= note.at <= over and (first is None or note.at < first):
                first = note.at
        if first is not None and in_september(first):
            hours.append((first - start) / HOUR)
        if first is not None and made.merged_at is not None and in_september(made.merged_at):
            durations.append((made.merged_at - first) / HOUR)
        waiting += made.state == "opened" and first is None
    told = known.find("review.first_response_hours", window=MONTH)
    assert (told.n, told.values["p50"], told.values["p90"]) == (len(hours), near(median(hours)), near(ninth(hours)))
    for name in ("review.duration_hours", "merge_request.review_hours"):
        told = known.find(name, window=MONTH)
        assert (told.n, told.values["p50"]) == (len(durations), near(median(durations)))
    assert known.find("review.waiting").n == waiting > 0


def test_the_way_of_a_merge_request(fernweh: Organisation, known: Answers) -> None:
    """Deployed is what the generator says was, in the first good deployment."""
    production = {one.id for one in fernweh.environments if one.tier == "production"}
    arrived = {
        number: one.finished_at for one in reversed(fernweh.deployments)
        if one.environment in production and one.status == "success" for number in one.merge_requests
    }  # fmt: skip
    coding, deploy, whole, leads = [], [], [], []
    for made in fernweh.merge_requests:
        begun = min(one.authored_at for one in made.commits)
        there = arrived.get(made.id)
        if there is not None and in_september(there):
            leads.append((there - begun) / HOUR)
        if made.merged_at is None or not in_september(made.merged_at) or made.ready_at is None:
            continue
        coding.append((made.ready_at - begun) / HOUR)
        if there is not None:
            deploy.append((there - made.merged_at) / HOUR)
            whole.append((there - begun) / HOUR)
    for name, values in (("coding", coding), ("deploy", deploy), ("cycle", whole)):
        told = known.find(f"merge_request.{name}_hours", window=MONTH)
        assert (told.n, told.values["p50"]) == (len(values), near(median(values)))
    assert known.find("dora.change_lead_hours", window=MONTH).values["p50"] == near(median(leads))
    assert known.find("merge_request.pickup_hours", window=MONTH).n <= len(coding)


def test_size_and_staleness(fernweh: Organisation, known: Answers) -> None:
    sizes = [
        sum(file.added for file in one.files) + sum(file.removed for file in one.files)
        for one in fernweh.merge_requests
        if in_september(one.merged_at) and max(file.added + file.removed for file in one.files) <= 600
    ]
    told = known.find("merge_request.size", window=MONTH)
    assert (told.n, told.values["p90"]) == (len(sizes), near(ninth(sizes)))
    open_ones = [one for one in fernweh.merge_requests if one.state == "opened"]
    quiet = [one for one in open_ones if one.updated_at < fernweh.until - 7 * DAY]
    assert known.find("merge_request.stale_share").values["share"] == near(len(quiet) / len(open_ones))


def test_pipelines(fernweh: Organisation, known: Answers) -> None:
    over = [
        one for one in fernweh.pipelines
        if one.ref in ("main", "release/next") and one.status in ("success", "failed") and in_september(one.finished_at)
    ]  # fmt: skip
    told = known.find("pipeline.success_rate", window=MONTH)
    assert told.values["share"] == near(len([one for one in over if one.status == "success"]) / len(over))
    minutes = [(one.finished_at - one.started_at) / HOUR * 60 for one in over if one.finished_at and one.started_at]
    assert known.find("pipeline.duration_minutes", window=MONTH).values["p50"] == near(median(minutes))
    flaky = sum(
        one.status == "failed"
        and any(
            other.sha == one.sha and other.ref == one.ref and other.id > one.id and other.status == "success"
            for other in fernweh.pipelines
        )
        for one in over
    )
    assert known.find("pipeline.flaky_share", window=MONTH).values["share"] == near(flaky / len(over))
    assert flaky


def test_deployments_by_what_the_generator_meant(fernweh: Organisation, known: Answers) -> None:
    production = {one.id for one in fernweh.environments if one.tier == "production"}
    good = [one for one in fernweh.deployments if one.environment in production and one.status == "success"]
    days = (fernweh.until - fernweh.start) / DAY
    told = known.find("dora.deployment_frequency").values
    assert told["per_day"] == near(len(good) / days)
    assert told["days_with_one"] == len({(one.finished_at or one.created_at).date() for one in good})
    bad = [one for one in good if one.incident is not None]
    assert known.find("dora.change_fail_rate").values["share"] == near(len(bad) / len(good))
    solved = [one for one in good if one.purpose in ("hotfix", "rollback")]
    late = [one for one in good if one.purpose == "regular" and _brings_a_fix(fernweh, one.merge_requests)]
    assert known.find("dora.rework_rate").values["share"] == near(len(solved + late) / len(good))
    issues = {one.id: one for one in fernweh.issues}
    hours = []
    for one in bad:
        incident = issues[one.incident or 0]
        ends = [other.finished_at for other in good if other.restores == incident.id]
        ends += [incident.resolved_at]
        hours.append((min(end for end in ends if end is not None) - (one.finished_at or one.created_at)) / HOUR)
    told_hours = known.find("dora.recovery_hours")
    assert (told_hours.n, told_hours.values["p50"]) == (len(hours), near(median(hours)))
    assert len(hours) > 3


def _brings_a_fix(organisation: Organisation, merge_requests: list[int]) -> bool:
    return any(one.hotfix for one in organisation.merge_requests if one.id in merge_requests)


def test_a_team_has_what_its_people_did_while_they_were_in_it(fernweh: Organisation, known: Answers) -> None:
    joined = [one for one in fernweh.people if one.changed_team_at is not None]
    assert joined
    for team in fernweh.teams:
        count = 0
        for made in fernweh.merge_requests:
            author = next((one for one in fernweh.people if one.id == made.author), None)
            if author is None or made.merged_at is None:
                continue
            then = author.team
            if author.changed_team_at is not None and made.merged_at < author.changed_team_at:
                then = author.former_team or ""
            left = author.left_at is not None and made.merged_at >= author.left_at
            count += then == team.id and not left and made.merged_at >= author.joined_at
        assert known.find("throughput.merge_requests", "team", team.id).n == count > 0


def test_the_two_that_are_made_of_others(fernweh: Organisation, known: Answers) -> None:
    def told(kpi: str, value: str) -> float:
        found = known.find(kpi).values[value]
        assert found is not None
        return found

    scores = [
        (30, told("sprint.completion", "share") * 100),
        (25, max(0.0, 100 - told("blockers.age_days", "p50") / 14 * 100)),
        (20, max(0.0, 100 - told("review.first_response_hours", "p50") / 48 * 100)),
        (15, told("pipeline.success_rate", "share") * 100),
        (10, 100 - told("sprint.spillover", "share") * 100),
    ]
    assert known.find("delivery_health").values["value"] == near(sum(weight * one for weight, one in scores) / 100)
    last: dict[int, tuple[datetime, str]] = {}
    for one in fernweh.pipelines:
        if one.ref == "release/next" and one.status in ("success", "failed") and one.finished_at is not None:
            before = last.get(one.repository, (one.finished_at, one.status))
            last[one.repository] = max(before, (one.finished_at, one.status))
    failing = sum(status == "failed" for _, status in last.values())
    blocked = 50 * min(1, known.find("blockers.open").n / 10) + 50 * min(1, told("blockers.age_days", "p50") / 14)
    risk = 40 * blocked + 30 * 100 * failing / len(last) + 30 * 100 * told("merge_request.stale_share", "share")
    assert known.find("release_risk").values["value"] == near(risk / 100)


def test_what_ships_is_found_by_its_commit(fernweh: Organisation) -> None:
    """So that whoever has only the APIs can find it too: the last merge request of a deployment has its commit."""
    made = {one.id: one for one in fernweh.merge_requests}
    for one in fernweh.deployments:
        if one.merge_requests:
            assert landed(made[one.merge_requests[-1]]) == one.sha


def test_identities_are_those_of_people_that_are_active(fernweh: Organisation, known: Answers) -> None:
    accounts = [one for person in fernweh.people for one in person.accounts if one.active]
    told = known.find("identity.coverage")
    assert told.n == len({(one.source, one.external_id) for one in accounts})
    assert told.values == {"share": 1.0}
