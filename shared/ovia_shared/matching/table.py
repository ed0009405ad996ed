"""Accounts laid out for comparison: equal ones once, with their keys as numbers."""

from array import array
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.names import Name, Relation, relate
from ovia_shared.matching.profile import Key, Profile, keys, read_profile, word_key
from ovia_shared.models.identity import Account

# So many unrelated full names under one mailbox or login make it one that people share.
NAMES_OF_A_SHARED_KEY = 3
_PERSONAL = (Key.MAILBOX, Key.HOST_ID, Key.HANDLE)
_UNRELATED = frozenset([Relation.DISJOINT, Relation.SAME_FIRST, Relation.SAME_LAST])


class KeyCounts(msgspec.Struct, frozen=True):
    """How many accounts of the whole organisation have a key, by its hash, for the keys that matter to a part of it.

    `accounts_a_name` is how many accounts carry one full name on average: keys count accounts, not names.
    """

    accounts: Mapping[int, int]
    accounts_a_name: float = 3.0

    def names_with(self, word: str) -> int:
        """About how many full names contain this word."""
        return int(self.accounts.get(word_key(word), 0) / self.accounts_a_name)


class Table:
    """Nodes are accounts that say exactly the same; `accounts_of[node]` are their positions in `accounts`.

    What is kept of each node is small, since there may be a million: its names, its logins, its domain, whether it says
    who somebody is (`recognisable`), and whether its last login is a mere name (`only_called`). The keys are three
    parallel arrays, in the order of the hash: the hash, the node that has it, and its kind. `shared` are the hashes of
    keys that several people use. `names_with[word]` is how many distinct full names contain a word.
    """

    def __init__(
        self, accounts: Sequence[Account], counts: KeyCounts | None = None, *, find_shared: bool = True
    ) -> None:
        """`counts` tells how many accounts have each key where `accounts` are not all there are."""
        self.accounts = accounts
        self.counts = counts
        self.accounts_of: list[list[int]] = []
        self.names: list[tuple[Name, ...]] = []
        self.handles: list[tuple[str, ...]] = []
        self.domains: list[str | None] = []
        self.recognisable = bytearray()
        self.only_called = bytearray()
        self._known_names: dict[tuple[Name, ...], tuple[Name, ...]] = {}
        self.hashes, self.nodes, self.kinds = self._read()
        self.names_with = self._count_words()
        self.shared = self._find_shared() if find_shared else np.zeros(0, np.uint64)

    def __len__(self) -> int:
        return len(self.accounts_of)

    def _read(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int8]]:
        node_of: dict[Hashable, int] = {}
        hashes, nodes, kinds = array("Q"), array("i"), array("b")
        for position, account in enumerate(self.accounts):
            says: Hashable = (account.display_name, account.email, account.username, account.previous_names)
            node = node_of.get(says, -1)
            if node < 0:
                profile = read_profile(account)
                node = self._add(account, profile)
                # Without an address of its own, two accounts called alike are a question, not one answer.
                if profile.mailbox.address or profile.mailbox.login:
                    node_of[says] = node
                found = keys(profile)
                if found:
                    of_kind, values = zip(*found, strict=True)
                    hashes.extend(values)
                    kinds.extend(of_kind)
                    nodes.extend([node] * len(found))
            self.accounts_of[node].append(position)
        # Stable, so within a hash nodes stay in their order.
        order = np.argsort(np.frombuffer(hashes, np.uint64), kind="stable")
        return (
            np.frombuffer(hashes, np.uint64)[order],
            np.frombuffer(nodes, np.int32)[order],
            np.frombuffer(kinds, np.int8)[order],
        )

    def _add(self, account: Account, profile: Profile) -> int:
        self.accounts_of.append([])
        self.names.append(self._known_names.setdefault(profile.names, profile.names))
        self.handles.append(profile.handles)
        self.domains.append(profile.mailbox.domain)
        self.only_called.append(profile.only_called)
        mailbox = profile.mailbox
        self.recognisable.append(bool(profile.name.full or mailbox.address or mailbox.login or account.username))
        return len(self.accounts_of) - 1

    def _count_words(self) -> Counter[str]:
        distinct = {name for names in self._known_names for name in names if name.full}
        found = Counter(word for name in distinct for word in set(name.plain))
        if self.counts is not None:
            for word in found:
                found[word] = max(found[word], self.counts.names_with(word))
        return found

    def block_sizes(self, hashes: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many accounts have each of these keys: those at hand, or more where the counts say so."""
        if self.counts is None:
            return sizes
        known = self.counts.accounts
        return np.maximum(sizes, np.fromiter((known.get(key, 0) for key in hashes.tolist()), np.int64, len(hashes)))

    def _find_shared(self) -> NDArray[np.uint64]:
        personal = np.isin(self.kinds, _PERSONAL)
        hashes, nodes = self.hashes[personal], self.nodes[personal]
        values, starts, counts = np.unique(hashes, return_index=True, return_counts=True)
        found = []
        for place in np.flatnonzero(counts >= NAMES_OF_A_SHARED_KEY).tolist():
            block = nodes[starts[place] : starts[place] + counts[place]]
            names = {self.names[node][0] for node in block.tolist()}
            if len(names) < NAMES_OF_A_SHARED_KEY:
                continue
            if unrelated([name for name in names if name.full]) >= NAMES_OF_A_SHARED_KEY:
                found.append(values[place])
        return np.array(found, np.uint64)


def unrelated(names: Sequence[Name], enough: int = NAMES_OF_A_SHARED_KEY) -> int:
    """How many people such names need at least: names that may be one person's count once. Fewer than `enough`
    names are not looked at, and after so many people are found there is no need to find more."""
    if len(names) < enough:
        return len(names)
    distinct: list[Name] = []
    for name in sorted(names, key=lambda one: (-len(one.words), one.words)):
        if all(relate(name, other) in _UNRELATED for other in distinct):
            distinct.append(name)
            if len(distinct) >= enough:
                break
    return len(distinct)
