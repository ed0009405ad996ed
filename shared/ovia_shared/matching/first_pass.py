"""The first matching pass: accounts become people by exact mailbox and exact full name.

Pure: the same accounts give the same decisions in any order. People who are known already are never merged or
renamed here; an account whose evidence points to two of them becomes a conflict for a reviewer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from ovia_shared.matching.evidence import (
    AUTO_CONFIDENCE,
    ENGINE_VERSION,
    Evidence,
    confidence,
    founding,
    other_candidate,
    reached_through_others,
)
from ovia_shared.matching.normalise import full_name
from ovia_shared.models.decision import Decisions, Link, NewPerson
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace


def match(
    unmapped: Sequence[Account], mapped: Sequence[Account], rejected: Collection[tuple[UUID, UUID]] = ()
) -> Decisions:
    """Decides for each unmapped account whose it is.

    `mapped` are accounts in use, with their `person_id`; `rejected` are (identity, person) pairs a reviewer refused,
    never proposed again. An account with neither a mailbox nor a full name of its own stays an orphan.
    """
    evidence = Evidence([*unmapped, *mapped])
    known: dict[UUID, list[Account]] = defaultdict(list)
    for account in mapped:
        if account.person_id is not None:
            known[account.person_id].append(account)
    refused: dict[UUID, set[UUID]] = defaultdict(set)
    for identity, person in rejected:
        refused[identity].add(person)
    people: list[NewPerson] = []
    links: list[tuple[UUID, Link]] = []
    persons_by_key = _persons_by_key(evidence, mapped)
    for group in _groups(evidence, unmapped):
        candidates = {
            account.id: sorted(
                {person for key in _key_list(evidence, account) for person in persons_by_key.get(key, ())}
                - refused[account.id]
            )
            for account in group
        }
        persons = sorted({person for found in candidates.values() for person in found})
        if not persons:
            people.append(_new_person(evidence, group))
        elif len(persons) == 1:
            members = [*known[persons[0]], *group]
            allowed = [account for account in group if persons[0] not in refused[account.id]]
            links.extend((persons[0], _link(evidence, account, members)) for account in allowed)
        else:
            free = [account for account in group if candidates[account.id] or not refused[account.id]]
            links.extend(_contested(evidence, free, candidates, persons, known))
    return Decisions(ENGINE_VERSION, tuple(people), tuple(sorted(links, key=lambda link: link[1].identity_id)))


def _contested(
    evidence: Evidence,
    group: Sequence[Account],
    candidates: dict[UUID, list[UUID]],
    persons: Sequence[UUID],
    known: dict[UUID, list[Account]],
) -> Iterable[tuple[UUID, Link]]:
    """Links of a group whose evidence reaches several people: certain where an account itself names only one."""
    for account in group:
        own = candidates[account.id] or persons
        scored = sorted(
            own,
            key=lambda person: (
                -sum(t.contribution for t in evidence.traces(account, known[person])),
                person,
            ),
        )
        traces = evidence.traces(account, known[scored[0]])
        if not traces:
            traces.append(reached_through_others())
        if len(own) > 1:
            traces.append(other_candidate(scored[0], scored[1]))
        yield scored[0], _as_link(account, traces)


def _new_person(evidence: Evidence, group: Sequence[Account]) -> NewPerson:
    links = tuple(_link(evidence, account, group) for account in sorted(group, key=lambda account: account.id))
    return NewPerson(_best_name(group), _most_common(account.email for account in group), links)


def _link(evidence: Evidence, account: Account, members: Sequence[Account]) -> Link:
    others = [member for member in members if member.id != account.id]
    traces = evidence.traces(account, others)
    return _as_link(account, traces or [founding(evidence.keys(account))])


def _as_link(account: Account, traces: Sequence[RuleTrace]) -> Link:
    value = confidence(traces)
    return Link(account.id, "auto" if value >= AUTO_CONFIDENCE else "conflict", value, tuple(traces))


def _groups(evidence: Evidence, accounts: Sequence[Account]) -> list[list[Account]]:
    """Accounts that share a key, directly or through others; grouping by key replaces comparing pairs."""
    parent: dict[UUID, UUID] = {}

    def root(node: UUID) -> UUID:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first_with: dict[tuple[str, str], UUID] = {}
    recognisable = [account for account in sorted(accounts, key=lambda a: a.id) if evidence.keys(account)]
    for account in recognisable:
        parent[account.id] = account.id
        for key in _key_list(evidence, account):
            first = first_with.setdefault(key, account.id)
            parent[root(account.id)] = root(first)
    groups: dict[UUID, list[Account]] = defaultdict(list)
    for account in recognisable:
        groups[root(account.id)].append(account)
    return list(groups.values())


def _persons_by_key(evidence: Evidence, mapped: Iterable[Account]) -> dict[tuple[str, str], set[UUID]]:
    found: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for account in mapped:
        if account.person_id is not None:
            for key in _key_list(evidence, account):
                found[key].add(account.person_id)
    return found


def _key_list(evidence: Evidence, account: Account) -> list[tuple[str, str]]:
    keys = evidence.keys(account)
    return [(kind, value) for kind in ("mailbox", "full_name") if (value := getattr(keys, kind)) is not None]


def _best_name(group: Sequence[Account]) -> str:
    full = [account.display_name for account in group if full_name(account.display_name)]
    names = full or [account.display_name for account in group]
    return _most_common(names) or _most_common(account.email for account in group) or "unnamed"


def _most_common(values: Iterable[str | None]) -> str | None:
    counts = Counter(value.strip() for value in values if value and value.strip())
    return min(counts, key=lambda value: (-counts[value], -len(value), value)) if counts else None
