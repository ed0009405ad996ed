"""Teams and memberships from CSV, and back into it."""

from uuid import UUID

from ovia_api.imports.memberships import MembershipPlan, path_of
from ovia_api.imports.reading import Line, read
from ovia_api.imports.reporting import report
from ovia_shared.database import audit_log, imports, knowing, people_rows, team_memberships, teams
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.imports import ImportReport, LineOutcome, LineReport
from ovia_shared.web import moments
from ovia_shared.web.spreadsheets import BEGINNING, as_csv

COLUMNS = ("team", "person_id", "email", "person", "role", "from", "to")


async def take(conn: Connection, caller: Caller, body: bytes, request_id: str, *, dry_run: bool) -> ImportReport:
    """Makes teams and memberships of the lines; all of them, or none."""
    lines = read(body, COLUMNS, ["team"])
    org_id = caller.org_id
    await teams.hold_tree(conn, org_id)
    by_email = await imports.people_with_emails(conn, org_id, [line["email"] for line in lines if line["email"]])
    named = {one for line in lines if (one := _uuid(line["person_id"])) is not None}
    people = await people_rows.lock(conn, org_id, [*named, *(id_ for ids in by_email.values() for id_ in ids)])
    known = await team_memberships.of_people(conn, org_id, list(people))
    plan = MembershipPlan(await teams.all_paths(conn, org_id), known)
    living = {one.id for one in people.values() if one.deleted_at is None}
    told = []
    for line in lines:
        try:
            told.append(_one(plan, line, by_email, living))
        except InvalidInput as error:
            told.append(LineReport(line.number, LineOutcome.ERROR, error.message))
    found = report(told, dry_run=dry_run)
    if found.written:
        await plan.write(conn, org_id, await knowing.moment(conn))
        await audit_log.record(
            conn,
            org_id,
            actor=caller.name,
            action="import",
            subject_kind="teams",
            detail={"created": found.created, "updated": found.updated, "teams": len(plan.teams)},
            request_id=request_id,
        )
    return found


async def export(conn: Connection, org_id: UUID) -> bytes:
    """Every team and membership, as `take` reads it."""
    rows = await team_memberships.export(conn, org_id)
    by_team: dict[UUID, list[tuple[str, ...]]] = {}
    for team, person_id, name, email, role, start, end in rows:
        until = "" if end is None else end.isoformat()
        by_team.setdefault(team, []).append((str(person_id), email or "", name, role or "", start.isoformat(), until))
    lines: list[tuple[str, ...]] = [COLUMNS]
    for path, team in sorted((await teams.all_paths(conn, org_id)).items()):
        lines += [(" / ".join(path), *row) for row in by_team.get(team, [("",) * (len(COLUMNS) - 1)])]
    return BEGINNING + as_csv(lines)


def _one(plan: MembershipPlan, line: Line, by_email: dict[str, list[UUID]], living: set[UUID]) -> LineReport:
    if line.fault is not None:
        raise InvalidInput(line.fault)
    path = path_of(line["team"])
    person = _person(line, by_email, living)
    start, end = line.moment("from"), line.moment("to")
    role = line["role"] or None
    if role is not None and len(role) > 200:
        raise InvalidInput("role has more than 200 characters")
    if person is not None and start is None:
        raise InvalidInput("from is empty; say since when the person is in the team")
    if start is not None:
        start, end = moments.period(start, end, ("from", "to"))
    team, made = plan.team(path)
    if person is None or start is None:
        return LineReport(line.number, LineOutcome.CREATE if made else LineOutcome.IGNORE, f"team {line['team']}")
    outcome = plan.member(person, team, role, start, end)
    return LineReport(line.number, outcome, f"person {person} in team {line['team']}")


def _person(line: Line, by_email: dict[str, list[UUID]], living: set[UUID]) -> UUID | None:
    if line["person_id"]:
        person = _uuid(line["person_id"])
        if person not in living or person is None:
            raise InvalidInput(f"there is no person {line['person_id'][:80]!r}")
        return person
    if line["email"]:
        found = by_email.get(line["email"].lower(), [])
        if len(found) != 1:
            many = "several people have" if found else "nobody has"
            raise InvalidInput(f"{many} the e-mail {line['email'][:80]!r}; add the person first, or give person_id")
        return found[0]
    if line["person"] or line["from"] or line["to"] or line["role"]:
        raise InvalidInput("give the person's email or person_id; names may be shared")
    return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
