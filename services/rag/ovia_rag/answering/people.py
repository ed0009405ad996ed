"""Questions about people: who somebody is, what they work on, who answers for what. Nobody is ranked."""

from datetime import timedelta
from uuid import UUID

from ovia_rag.answering.asked import Asked
from ovia_rag.answering.draft import Draft
from ovia_rag.wording import amounts, sentences
from ovia_rag.wording.lists import saying
from ovia_shared.database import people
from ovia_shared.database.ask import belonging
from ovia_shared.database.ask import people as doing
from ovia_shared.database.kpis import scopes
from ovia_shared.models.activity import ProfileAccount
from ovia_shared.models.ask import Passage, PersonAsk, PersonQuestion
from ovia_shared.models.kpi import PersonNamed, Scope, ScopeKind
from ovia_shared.models.person import Membership

# As many rows of a kind are told.
MOST = 10
MOST_MEMBERS = 50
# Who worked in a project within so many days is told as somebody who knows it.
LATELY_DAYS = 90


async def tell(asked: Asked, draft: Draft, wanted: PersonAsk) -> None:
    """States what is known. Who knows about a topic is told by `knowing`, from passages."""
    _looked(draft, saying("person", asked.language))
    match wanted.question:
        case PersonQuestion.WHO_IS if wanted.person is not None:
            await _who_is(asked, draft, wanted.person)
        case PersonQuestion.WORKS_ON if wanted.person is not None:
            await _works_on(asked, draft, wanted.person)
        case PersonQuestion.OWNER_OF if wanted.item is not None:
            await _responsible(asked, draft, wanted.item)
        case PersonQuestion.OWNER_OF if wanted.scope is not None:
            await _owners(asked, draft, wanted.scope)
        case PersonQuestion.MEMBERS_OF if wanted.scope is not None:
            await _members(asked, draft, UUID(wanted.scope.id))


async def knowing(asked: Asked, draft: Draft, passages: list[Passage]) -> None:
    """Who wrote what was found about a topic, in the order in which it fits the question."""
    accounts = [one for passage in passages for one in passage.identity_ids]
    known = await belonging.of_accounts(asked.conn, asked.caller.org_id, accounts, asked.as_of)
    told: set[UUID] = set()
    for passage in passages:
        for account in passage.identity_ids:
            person = known.get(account)
            if person is None or person.id in told or len(told) >= MOST:
                continue
            told.add(person.id)
            title = " / ".join(passage.title_path) or passage.external_id
            wrote = draft.cite_row(f"{person.display_name}, {title}", {**_person(person), "wrote": title}, passage.url)
            draft.say("knows", [wrote, draft.cite_passage(passage)], name=person.display_name, title=f"“{title}”")


async def _who_is(asked: Asked, draft: Draft, person_id: UUID) -> None:
    conn, org_id, language = asked.conn, asked.caller.org_id, asked.language
    person = await people.find_one(conn, org_id, person_id)
    if person is None:
        return
    accounts = await belonging.accounts(conn, org_id, person_id, asked.as_of)
    state = sentences.state(person.status, language)
    details = [*filter(None, [person.primary_email]), *_accounts(accounts)]
    row = {
        "person": person.display_name, "person_id": str(person.id), "status": person.status,
        "email": person.primary_email, "accounts": _accounts(accounts),
    }  # fmt: skip
    citation = draft.cite_row(person.display_name, row)
    if details:
        draft.say("person", [citation], (state,), name=person.display_name, status=state, details=", ".join(details))
    else:
        draft.say("person_plain", [citation], (state,), name=person.display_name, status=state)
    for one in (await belonging.memberships(conn, org_id, person_id, asked.as_of))[:MOST]:
        _membership(asked, draft, person.display_name, one)


def _accounts(accounts: list[ProfileAccount]) -> list[str]:
    """One a source: git alone has many signatures of one person."""
    names = {one.source: one.username or one.display_name or one.email for one in reversed(accounts)}
    return [f"{source} {name}" for source, name in sorted(names.items()) if name]


def _membership(asked: Asked, draft: Draft, name: str, one: Membership) -> None:
    since = amounts.day(one.valid_from, asked.zone)
    row = {"person": name, "team": one.team_name, "team_id": str(one.team_id), "role": one.role, "since": since}
    told = {"name": name, "team": one.team_name, "role": _role(one.role), "since": since}
    if one.valid_to is None or one.valid_to > asked.as_of:
        draft.say("in_team", [draft.cite_row(f"{name}, {one.team_name}", row)], **told)
        return
    row["until"] = told["until"] = amounts.day(one.valid_to, asked.zone)
    draft.say("was_in_team", [draft.cite_row(f"{name}, {one.team_name}", row)], **told)


def _role(role: str | None) -> str:
    return "" if role is None else f" ({role})"


async def _works_on(asked: Asked, draft: Draft, person_id: UUID) -> None:
    conn, org_id = asked.conn, asked.caller.org_id
    person = await people.find_one(conn, org_id, person_id)
    if person is None:
        return
    name = person.display_name
    found = await doing.works_on(conn, org_id, person_id, asked.as_of, MOST)
    for one in found:
        row = {
            "person": name, "person_id": str(person_id), "kind": one.kind, "key": one.key, "title": one.title,
            "state": one.state, "project": one.project,
        }  # fmt: skip
        citation = draft.cite_row(f"{one.key} {one.title}", row, one.url)
        draft.say("works_on", [citation], name=name, label=f"{one.key} “{one.title}”", state=one.state or "?")
    if not found:
        none = {"person": name, "person_id": str(person_id), "in_progress": 0, "open_merge_requests": 0}
        draft.say("works_on_none", [draft.cite_row(name, none)], name=name)


async def _responsible(asked: Asked, draft: Draft, item: str) -> None:
    _looked(draft, saying("item", asked.language, item=item))
    found = await doing.responsible(asked.conn, asked.caller.org_id, item, asked.as_of)
    for one in found:
        label = f"{one.key} “{one.title}”"
        row = {"kind": one.kind, "key": one.key, "title": one.title, "duty": one.duty}
        if one.person is not None:
            duty = sentences.duty(one.duty, asked.language)
            citation = draft.cite_row(f"{one.key} {one.title}", row | _person(one.person), one.url)
            draft.say("assigned", [citation], (duty,), label=label, name=one.person.display_name, duty=duty)
        elif one.duty == "assignee":
            citation = draft.cite_row(f"{one.key} {one.title}", {**row, "person": None}, one.url)
            draft.say("nobody_assigned", [citation], label=label)


async def _owners(asked: Asked, draft: Draft, scope: Scope) -> None:
    conn, org_id = asked.conn, asked.caller.org_id
    if scope.kind is ScopeKind.TEAM:
        await _members(asked, draft, UUID(scope.id))
        return
    resolved = await scopes.resolve(conn, org_id, scope)
    projects = resolved.projects or []
    for lead in await doing.leads(conn, org_id, projects, asked.as_of):
        row = {"project": lead.project, "name": lead.name, "lead": True, **_person(lead.person)}
        citation = draft.cite_row(f"{lead.project} {lead.name}", row, lead.url)
        label = lead.name if lead.name == lead.project else f"{lead.name} ({lead.project})"
        draft.say("lead", [citation], project=label, name=lead.person.display_name)
    since = asked.as_of - timedelta(days=LATELY_DAYS)
    for one in await doing.lately(conn, org_id, projects, since, asked.as_of, MOST):
        at = amounts.day(one.at, asked.zone)
        row = {"project": one.project, "last_worked": at, **_person(one.person)}
        citation = draft.cite_row(f"{one.person.display_name}, {one.project}", row)
        draft.say("worked_lately", [citation], name=one.person.display_name, project=one.project, at=at)


async def _members(asked: Asked, draft: Draft, team_id: UUID) -> None:
    conn, org_id = asked.conn, asked.caller.org_id
    team = await scopes.name(conn, org_id, Scope(ScopeKind.TEAM, str(team_id))) or str(team_id)
    found, total = await belonging.members(conn, org_id, team_id, asked.as_of, MOST_MEMBERS)
    whole = draft.cite_row(team, {"team": team, "team_id": str(team_id), "members": total})
    draft.say("members", [whole], team=team, total=total)
    for one in found:
        since = amounts.day(one.valid_from, asked.zone)
        row = {
            "person": one.person.display_name, "person_id": str(one.person.id), "team": one.team,
            "team_id": str(one.team_id), "role": one.role, "since": since,
        }  # fmt: skip
        citation = draft.cite_row(f"{one.person.display_name}, {one.team}", row)
        draft.say("member", [citation], name=one.person.display_name, team=one.team, role=_role(one.role), since=since)


def _person(person: PersonNamed) -> dict[str, str]:
    return {"person": person.display_name, "person_id": str(person.id)}


def _looked(draft: Draft, text: str) -> None:
    if text not in draft.looked_at:
        draft.looked_at.append(text)
