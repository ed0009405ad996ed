"""People from a list that is trusted to know them, such as the one of an HR system."""

from datetime import datetime
from uuid import UUID

from ovia_api.imports.memberships import MembershipPlan, path_of
from ovia_api.imports.people_plan import SOURCE, Entry, Outcome, PeoplePlan, entry
from ovia_api.imports.reading import Line, read
from ovia_api.imports.reporting import report
from ovia_api.mappings import plans
from ovia_api.mappings.deciding import Deciding
from ovia_api.mappings.plans import Plan
from ovia_shared.database import (
    audit_log,
    identities,
    imports,
    knowing,
    mapping_changes,
    people,
    people_rows,
    team_memberships,
    teams,
)
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.caller import Caller
from ovia_shared.models.imports import ImportReport, LineOutcome, LineReport
from ovia_shared.web import moments

COLUMNS = ("name", "email", "external_id", "username", "alias", "team", "role", "from", "to", "active")


class PeopleImport:
    """The import of one request: its transaction, who asks, and the decisions it may take."""

    def __init__(self, conn: Connection, caller: Caller, deciding: Deciding, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._deciding = deciding
        self._request_id = request_id

    async def take(self, body: bytes, *, dry_run: bool) -> ImportReport:
        """Makes people, accounts and memberships of the lines; all of them, or none."""
        conn, org_id = self._conn, self._org_id
        read_lines = [_entry(line) for line in read(body, COLUMNS, ["name"])]
        entries = [one for one in read_lines if isinstance(one, Entry)]
        emails = [email for one in entries for email in one.emails]
        # In the order in which everybody locks: the matcher, the tree, e-mails, accounts, people.
        await mapping_changes.with_engine(conn, org_id)
        await teams.hold_tree(conn, org_id)
        await people.hold_emails(conn, org_id, emails)
        accounts = await imports.accounts(conn, org_id, SOURCE)
        await mapping_changes.lock_identities(conn, org_id, [one.identity_id for one in accounts])
        accounts = await imports.accounts(conn, org_id, SOURCE)
        by_email = await imports.people_with_emails(conn, org_id, emails)
        concerned = {one.person_id for one in accounts if one.person_id is not None}
        known = await people_rows.lock(conn, org_id, [*concerned, *(one for ids in by_email.values() for one in ids)])
        at = await knowing.moment(conn)
        plan = PeoplePlan(known, by_email, accounts, at)
        memberships = MembershipPlan(
            await teams.all_paths(conn, org_id), await team_memberships.of_people(conn, org_id, list(known))
        )
        outcomes: list[Outcome] = []
        told = []
        for one in read_lines:
            if isinstance(one, LineReport):
                told.append(one)
                continue
            try:
                decided = plan.decide(one)
                outcome = max(decided.outcome, _member(memberships, one.line, decided.after.id, at), key=_weight)
                outcomes.append(decided)
                told.append(LineReport(one.line.number, outcome, f"person {decided.after.id} ({one.name})"))
            except InvalidInput as error:
                told.append(LineReport(one.line.number, LineOutcome.ERROR, error.message))
        found = report(told, dry_run=dry_run)
        if found.written:
            await self._write(outcomes)
            await memberships.write(conn, org_id, at)
            await audit_log.record(
                conn,
                org_id,
                actor=self._caller.name,
                action="import",
                subject_kind="people",
                detail={"created": found.created, "updated": found.updated, "ignored": found.ignored},
                request_id=self._request_id,
            )
        return found

    async def _write(self, outcomes: list[Outcome]) -> None:
        ids = await identities.observe(
            self._conn, self._org_id, [account for one in outcomes for account in one.accounts]
        )
        believed = await self._deciding.lock_accounts(list(ids.values()))
        by = await self._deciding.by()
        plan = Plan()
        for one in outcomes:
            if one.before is None:
                plan.new_people.append(one.after)
            elif one.before != one.after:
                plan.people.append((one.before, one.after))
            for account in one.accounts:
                identity: UUID = ids[account.source, account.external_id]
                plan.take(plans.link(identity, believed[identity], one.after, by))
        await self._deciding.carry_out("import", plan, "from a list of people", by)


def _entry(line: Line) -> Entry | LineReport:
    try:
        return entry(line)
    except InvalidInput as error:
        return LineReport(line.number, LineOutcome.ERROR, error.message)


def _member(plan: MembershipPlan, line: Line, person_id: UUID, at: datetime) -> LineOutcome:
    start, end = line.moment("from"), line.moment("to")
    role = line["role"] or None
    if not line["team"]:
        if role or start or end:
            raise InvalidInput("role, from and to are those of a team; say in which")
        return LineOutcome.IGNORE
    if role is not None and len(role) > 200:
        raise InvalidInput("role has more than 200 characters")
    team, _ = plan.team(path_of(line["team"]))
    if start is None:
        # Who is there already stays since when they were; whoever is not is there from today.
        lasting = plan.lasting(person_id, team, at)
        start = lasting.valid_from if lasting is not None else at.replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = moments.period(start, end, ("from", "to"))
    outcome = plan.member(person_id, team, role, start, end)
    return LineOutcome.IGNORE if outcome is LineOutcome.IGNORE else LineOutcome.UPDATE


def _weight(outcome: LineOutcome) -> int:
    return [LineOutcome.IGNORE, LineOutcome.UPDATE, LineOutcome.CREATE].index(outcome)
