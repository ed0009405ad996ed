"""What two rules say about accounts that may belong together, and how much it weighs.

Weights are log-odds (natural logarithm) and add up; the logistic function of their sum is the confidence. A rule
that has nothing to say is left out: silence is not disagreement.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from ovia_shared.matching.normalise import full_name, mailbox
from ovia_shared.models.identity import Account
from ovia_shared.models.rule_trace import RuleTrace

ENGINE_VERSION = "first-pass-1"
AUTO_CONFIDENCE = 0.85

SAME_MAILBOX = 4.0
SAME_FULL_NAME = 2.6
OTHER_CANDIDATE = -3.5
FOUNDING = 7.0
# Up to this many mailboxes one full name is one person's; beyond, the name counts less the more common it is.
MAILBOXES_OF_ONE_NAME = 4
# A mailbox under so many different full names is shared by several people.
NAMES_OF_A_SHARED_MAILBOX = 3


class Keys(msgspec.Struct, frozen=True):
    """What an account can be recognised by; None where it says nothing."""

    mailbox: str | None
    full_name: str | None

    def __bool__(self) -> bool:
        return self.mailbox is not None or self.full_name is not None


class Evidence:
    """How often each mailbox and full name occurs among all accounts, so that shared and common ones weigh less."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        names: dict[str, set[str]] = defaultdict(set)
        mailboxes: dict[str, set[str]] = defaultdict(set)
        keys: dict[UUID, Keys] = {}
        for account in accounts:
            box, name = mailbox(account.email), full_name(account.display_name)
            keys[account.id] = Keys(box, name)
            if box and name:
                names[box].add(name)
                mailboxes[name].add(box)
        shared = {box for box, used in names.items() if _incompatible(used) >= NAMES_OF_A_SHARED_MAILBOX}
        self._mailboxes = {name: len(used) for name, used in mailboxes.items()}
        self._keys = {
            identity: Keys(None, known.full_name) if known.mailbox in shared else known
            for identity, known in keys.items()
        }

    def keys(self, account: Account) -> Keys:
        """What this account, one of those counted, can be recognised by. A shared mailbox says nothing."""
        return self._keys[account.id]

    def traces(self, account: Account, others: Sequence[Account]) -> list[RuleTrace]:
        """What speaks for this account and the others, accounts of one person, belonging together."""
        own = self.keys(account)
        theirs = [self.keys(other) for other in others]
        found = []
        if own.mailbox and any(own.mailbox == keys.mailbox for keys in theirs):
            found.append(RuleTrace("same_mailbox", f"both write from {own.mailbox}", SAME_MAILBOX, SAME_MAILBOX))
        if own.full_name and any(own.full_name == keys.full_name for keys in theirs):
            found.append(self._same_full_name(own.full_name, account.display_name or ""))
        return found

    def _same_full_name(self, name: str, written: str) -> RuleTrace:
        mailboxes = self._mailboxes.get(name, 0)
        discount = math.log(max(1.0, mailboxes / MAILBOXES_OF_ONE_NAME))
        text = f"both carry the full name {written!r}"
        if discount:
            text += f", a common one: {mailboxes} mailboxes use it"
        return RuleTrace("same_full_name", text, SAME_FULL_NAME, SAME_FULL_NAME - discount)


def confidence(traces: Iterable[RuleTrace]) -> float:
    """The logistic function of the summed contributions, rounded to 6 decimals; 0.5 where nothing was said."""
    return round(1 / (1 + math.exp(-sum(trace.contribution for trace in traces))), 6)


def other_candidate(best: UUID, other: UUID) -> RuleTrace:
    """Speaks against: the evidence points to two people at once."""
    return RuleTrace(
        "other_candidate",
        f"the evidence for person {best} also points to person {other}",
        OTHER_CANDIDATE,
        OTHER_CANDIDATE,
    )


def reached_through_others() -> RuleTrace:
    """Says nothing by itself: the account shares a key only with accounts that share one with this person."""
    return RuleTrace("reached_through_others", "shares a mailbox or name only with accounts that share one", 0.0, 0.0)


def founding(keys: Keys) -> RuleTrace:
    """The account that a person was made from, alone with its keys."""
    known_by = keys.mailbox or keys.full_name
    return RuleTrace(
        "first_account",
        f"nobody else is known by {known_by}; this person was made from it",
        FOUNDING,
        FOUNDING,
    )


def _incompatible(names: set[str]) -> int:
    # Names that share a word ("Ann Lee", "Ann B Lee") may be one person's spellings.
    distinct: list[set[str]] = []
    for words in sorted((set(name.split()) for name in names), key=lambda words: (-len(words), sorted(words))):
        if not any(words & other for other in distinct):
            distinct.append(words)
    return len(distinct)
