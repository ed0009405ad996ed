"""The engine beside accounts whose owners are known: how good it is, how honest its confidence, and where it errs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

import msgspec

from ovia_shared.matching.engine import Compared, compare, match
from ovia_shared.matching.learning import Labelled
from ovia_shared.matching.measures import (
    Agreement,
    Calibration,
    Pairwise,
    b_cubed,
    calibration,
    pairwise,
    wrong_pairs,
)
from ovia_shared.matching.names import Relation, relate
from ovia_shared.matching.outcome import confidence
from ovia_shared.matching.profile import read_profile
from ovia_shared.models.decision import Decisions, Link, MatchingSettings
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace

_SIMILAR = frozenset([Relation.SUBSET, Relation.INITIALS, Relation.NICKNAME, Relation.TYPO, Relation.JOINED])

KINDS = {
    "one_mailbox": "joined: they write from one mailbox",
    "one_login": "joined: they are known by one login",
    "namesakes": "joined: they carry the same name",
    "similar_names": "joined: their names are similar",
    "through_others": "joined only through other accounts",
    "waits": "apart: proposed, and waits for a decision",
    "held_back": "apart: alike enough, and held back by a rule or a reviewer",
    "too_little": "apart: compared, and too little speaks for it",
    "not_compared": "apart: they share nothing to be found by",
}


class Grade(msgspec.Struct, frozen=True):
    """`pairs` are counted, `agreement` and `f1` are over pairs, `b_cubed` and `b_cubed_f1` over accounts."""

    pairs: Pairwise
    agreement: Agreement
    f1: float
    b_cubed: Agreement
    b_cubed_f1: float


class Report(msgspec.Struct, frozen=True):
    """`certain`: what is joined without asking. `proposed`: if every proposal were accepted as well.

    `by_pair` is the calibration over pairs that were compared; `by_link` over the confidence that a reviewer sees, true
    where most of the person's other accounts are of the same owner. `errors` counts the wrong pairs of `certain` by
    the keys of `KINDS`. `people`, `auto`, `conflict` and `orphans` count what the engine decided.
    """

    configuration: str
    engine_version: str
    accounts: int
    labelled: int
    owners: int
    people: int
    auto: int
    conflict: int
    orphans: int
    certain: Grade
    proposed: Grade
    by_pair: Calibration
    by_link: Calibration
    errors: dict[str, int]


class WrongPair(msgspec.Struct, frozen=True):
    """Two accounts put together (`joined`) or left apart wrongly. `confidence` and `trace` are those of the pair, None
    where it was not compared; `links` are the traces by which each of the two came to its person."""

    joined: bool
    kind: str
    one: Account
    other: Account
    owners: tuple[str, str]
    confidence: float | None
    trace: tuple[RuleTrace, ...]
    links: tuple[tuple[RuleTrace, ...], tuple[RuleTrace, ...]]


class Evaluation:
    """One run of the engine over labelled accounts, none of which belongs to anybody known yet."""

    def __init__(self, labelled: Labelled, settings: MatchingSettings) -> None:
        self._settings = settings
        self._truth: dict[UUID, str | None] = {
            account.id: owner for account, owner in zip(labelled.accounts, labelled.persons, strict=True)
        }
        self._decisions = match(labelled.accounts, settings=settings)
        self._compared = compare(labelled.accounts, settings)
        self._account = {account.id: account for account in labelled.accounts}
        self._node = _nodes(self._compared)
        self._pair = {
            pair: place
            for place, pair in enumerate(
                zip(self._compared.scores.pairs.left.tolist(), self._compared.scores.pairs.right.tolist(), strict=True)
            )
        }
        self._links = {link.identity_id: link for _, link in self._decisions.all_links()}
        self._certain, self._proposed = _clusters(self._decisions)

    def report(self) -> Report:
        """All figures."""
        statuses = Counter(link.status for link in self._links.values())
        owners = [owner for owner in self._truth.values() if owner is not None]
        return Report(
            configuration=self._settings.configuration,
            engine_version=self._decisions.engine_version,
            accounts=len(self._truth),
            labelled=len(owners),
            owners=len(set(owners)),
            people=len(self._decisions.people),
            auto=statuses["auto"],
            conflict=statuses["conflict"],
            orphans=len(self._truth) - len(self._links),
            certain=_grade(self._certain, self._truth),
            proposed=_grade(self._proposed, self._truth),
            by_pair=calibration(self._pair_statements()),
            by_link=calibration(self._link_statements()),
            errors=dict(Counter(kind for *_, kind in self._wrong())),
        )

    def wrong(self) -> Iterator[WrongPair]:
        """Every wrong pair of `certain`, one by one: a bad configuration may have millions."""
        for one, other, joined, kind in self._wrong():
            accounts = (self._account[one], self._account[other])
            yield WrongPair(
                joined=joined,
                kind=kind,
                one=accounts[0],
                other=accounts[1],
                owners=(self._truth[one] or "", self._truth[other] or ""),
                confidence=self._confidence(one, other),
                trace=self._trace(*accounts),
                links=(self._explained(one), self._explained(other)),
            )

    def _wrong(self) -> Iterator[tuple[UUID, UUID, bool, str]]:
        for one, other, joined in wrong_pairs(self._certain, self._truth):
            yield one, other, joined, self._joined_by(one, other) if joined else self._apart_by(one, other)

    def _joined_by(self, one: UUID, other: UUID) -> str:
        if (self._confidence(one, other) or 0.0) < self._settings.auto:
            return "through_others"
        mine, theirs = read_profile(self._account[one]), read_profile(self._account[other])
        if mine.mailbox.address and mine.mailbox.address == theirs.mailbox.address:
            return "one_mailbox"
        relation = relate(mine.name, theirs.name)
        if relation is Relation.EQUAL:
            return "namesakes"
        return "similar_names" if relation in _SIMILAR else "one_login"

    def _apart_by(self, one: UUID, other: UUID) -> str:
        if one in self._proposed and self._proposed.get(one) == self._proposed.get(other):
            return "waits"
        found = self._confidence(one, other)
        if found is None:
            return "not_compared"
        return "held_back" if found >= self._settings.auto else "too_little"

    def _place(self, one: UUID, other: UUID) -> int | None:
        left, right = sorted((self._node[one], self._node[other]))
        return self._pair.get((left, right))

    def _confidence(self, one: UUID, other: UUID) -> float | None:
        """That of the pair; accounts that say the same are one node, and never compared with each other."""
        if self._node[one] == self._node[other]:
            return confidence(self._compared.scores.of_equals(self._node[one]))
        place = self._place(one, other)
        return None if place is None else confidence(float(self._compared.scores.log_odds[place]))

    def _trace(self, one: Account, other: Account) -> tuple[RuleTrace, ...]:
        node = self._node[one.id]
        if node == self._node[other.id]:
            return tuple(self._compared.scores.trace_of_equals(node, one, other))
        place = self._place(one.id, other.id)
        return () if place is None else tuple(self._compared.scores.trace(place, one, other))

    def _explained(self, identity: UUID) -> tuple[RuleTrace, ...]:
        link = self._links.get(identity)
        return () if link is None else self._decisions.explain(link)

    def _pair_statements(self) -> Iterator[tuple[float, bool]]:
        owners = [
            {owner for position in positions if (owner := self._truth[self._compared.table.accounts[position].id])}
            for positions in self._compared.table.accounts_of
        ]
        for (left, right), place in self._pair.items():
            if owners[left] and owners[right]:
                yield confidence(float(self._compared.scores.log_odds[place])), bool(owners[left] & owners[right])

    def _link_statements(self) -> Iterator[tuple[float, bool]]:
        for person in self._decisions.people:
            certain = Counter(
                owner
                for link in person.links
                if link.status == "auto" and (owner := self._truth[link.identity_id]) is not None
            )
            for link in person.links:
                owner = self._truth[link.identity_id]
                if owner is None or _founds(link):
                    continue
                others = certain - Counter([owner] if link.status == "auto" else [])
                if others:
                    most = max(others.values())
                    yield link.confidence, others[owner] == most


def _founds(link: Link) -> bool:
    """Whether the link says nothing about another account: the person was made from this one."""
    return link.reason.account == link.reason.other


def _nodes(compared: Compared) -> dict[UUID, int]:
    accounts = compared.table.accounts
    return {
        accounts[position].id: node
        for node, positions in enumerate(compared.table.accounts_of)
        for position in positions
    }


def _clusters(decisions: Decisions) -> tuple[dict[UUID, int], dict[UUID, int]]:
    certain: dict[UUID, int] = {}
    proposed: dict[UUID, int] = {}
    for number, person in enumerate(decisions.people):
        for link in person.links:
            proposed[link.identity_id] = number
            if link.status == "auto":
                certain[link.identity_id] = number
    return certain, proposed


def _grade(clusters: Mapping[UUID, int], truth: Mapping[UUID, str | None]) -> Grade:
    pairs, by_account = pairwise(clusters, truth), b_cubed(clusters, truth)
    return Grade(pairs, pairs.agreement, pairs.agreement.f1, by_account, by_account.f1)
