"""What is known of each candidate pair, as numbers: one column a feature, one row a pair."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.names import Name, Relation
from ovia_shared.matching.pairs import Pairs
from ovia_shared.matching.profile import Key
from ovia_shared.matching.relations import relations
from ovia_shared.matching.table import Table, unrelated

# Names that contradict each other, and names of which one says too little.
_AGREE = (Relation.EQUAL, Relation.SUBSET, Relation.INITIALS, Relation.NICKNAME, Relation.TYPO, Relation.JOINED)
_DIFFER = (Relation.SAME_LAST, Relation.SAME_FIRST, Relation.DISJOINT)
_SHORT = (Relation.ONE_WORD, Relation.SAME_WORD, Relation.OTHER_WORD, Relation.UNKNOWN)

FEATURES = (
    "same_mailbox",
    "same_host_account",
    "same_login",
    "common_login",
    "login_is_name",
    "login_is_short_form",
    "short_login",
    "long_login",
    "same_login_stem",
    "login_stem_is_name",
    "same_last_name_and_initial",
    "same_domain",
    "same_rare_word",
    *(f"names_{relation.name.lower()}" for relation in Relation),
    "mailbox_but_names_differ",
    "login_but_names_differ",
    "short_form_but_names_differ",
    "login_and_little_name",
    "login_is_only_a_name",
    "login_is_from_part_of_name",
    "login_and_names_agree",
    "short_form_and_names_agree",
    "domain_and_names_agree",
    "domain_and_last_name",
    "domain_and_short_form",
    "name_in_many_accounts",
    "login_in_many_accounts",
    "two_logins_of_one_source",
    "chance_of_namesakes",
    "last_name_is_common",
    "domain_of_one_name",
    "domain_of_one_name_and_no_name",
)
# More spellings than these under a domain are not one person's.
NAMES_OF_ONE = 4
COLUMN = {name: place for place, name in enumerate(FEATURES)}


def measure(table: Table, pairs: Pairs) -> NDArray[np.float16]:
    """The matrix of features, in half precision because it is large: 0 or 1, but for logarithms of how many have it."""
    found = np.zeros((len(pairs), len(FEATURES)), np.float16)
    relation = relations(table, pairs)

    def shares(kind: Key) -> NDArray[np.bool_]:
        shared: NDArray[np.bool_] = (pairs.bits & (1 << kind)) != 0
        return shared

    def put(name: str, value: NDArray[np.bool_] | NDArray[np.float64]) -> None:
        found[:, COLUMN[name]] = value

    mailbox, host, handle = shares(Key.MAILBOX), shares(Key.HOST_ID), shares(Key.HANDLE)
    as_name, short = shares(Key.NAME_AS_HANDLE), shares(Key.SHORT_FORM)
    # One mailbox is one domain; that says nothing more.
    domain, certain = shares(Key.DOMAIN) & ~mailbox, mailbox | host
    agree, differ = np.isin(relation, _AGREE), np.isin(relation, _DIFFER)
    common, length, called = _logins(table, pairs, handle)
    little = np.isin(relation, (Relation.OTHER_WORD, Relation.UNKNOWN))
    put("same_mailbox", mailbox)
    put("same_host_account", host)
    put("same_login", handle & ~common)
    put("common_login", handle & common)
    put("login_is_name", as_name)
    put("login_is_short_form", short)
    put("short_login", handle & (length <= 4))
    put("long_login", handle & (length >= 8))
    put("same_login_stem", shares(Key.LOGIN_STEM))
    put("login_stem_is_name", shares(Key.STEM_IS_NAME))
    put("same_last_name_and_initial", shares(Key.LAST_INITIAL))
    put("same_domain", domain)
    put("same_rare_word", shares(Key.WORD))
    for one in Relation:
        put(f"names_{one.name.lower()}", relation == one)
    put("mailbox_but_names_differ", mailbox & differ)
    put("login_but_names_differ", handle & differ & ~certain)
    put("short_form_but_names_differ", (short | as_name) & differ & ~certain)
    put("login_and_little_name", handle & ~common & little & ~certain)
    put("login_is_only_a_name", handle & called & ~certain)
    put("login_is_from_part_of_name", (short | as_name) & (relation == Relation.ONE_WORD))
    put("login_and_names_agree", handle & agree)
    put("short_form_and_names_agree", (short | as_name) & agree)
    put("domain_and_names_agree", domain & agree)
    put("domain_and_last_name", domain & shares(Key.LAST_INITIAL) & ~agree)
    put("domain_and_short_form", domain & (short | as_name))
    put("name_in_many_accounts", _many(pairs.name_block, ~certain))
    put("login_in_many_accounts", _many(pairs.handle_block, ~certain & (handle | as_name | short)))
    put("two_logins_of_one_source", _rival_logins(table, pairs))
    namesakes, last = _commonness(table, pairs, relation)
    put("chance_of_namesakes", np.where(certain, 0.0, namesakes))
    put("last_name_is_common", np.where(certain, 0.0, last))
    personal = domain & _of_one_name(table, pairs)
    put("domain_of_one_name", personal)
    put("domain_of_one_name_and_no_name", personal & np.isin(relation, _SHORT))
    return found


def _commonness(
    table: Table, pairs: Pairs, relation: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For equal names, the logarithm of how many other people are expected to be called so by chance, plus one; for
    names that share the last word, the logarithm of how many names do."""
    count = sum(table.names_with.values()) / 2 + 1
    known = table.names_with
    of_first = (known[one[0].plain[0]] if one[0].full else 0 for one in table.names)
    of_last = (known[one[0].plain[-1]] if one[0].full else 0 for one in table.names)
    first, last = np.fromiter(of_first, np.float32, len(table)), np.fromiter(of_last, np.float32, len(table))
    left = pairs.left
    chance = np.log1p(np.maximum(first[left] - 1, 0) * np.maximum(last[left] - 1, 0) / count)
    equal = relation == Relation.EQUAL
    similar = np.isin(
        relation, (Relation.SUBSET, Relation.INITIALS, Relation.NICKNAME, Relation.TYPO, Relation.SAME_LAST)
    )
    return np.where(equal, chance, 0.0), np.where(similar, np.log(np.maximum(last[left], 2) / 2), 0.0)


def _of_one_name(table: Table, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether all full names seen under the left node's domain may be one person's."""
    names: dict[str, set[Name]] = defaultdict(set)
    for domain, known in zip(table.domains, table.names, strict=True):
        if domain and known[0].full:
            names[domain].add(known[0])
    one = {domain: len(found) <= NAMES_OF_ONE and unrelated(list(found), 2) <= 1 for domain, found in names.items()}
    flags = np.fromiter((one.get(domain or "", False) for domain in table.domains), np.bool_, len(table))
    return flags[pairs.left]


def _many(block: NDArray[np.int64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    # Up to four accounts in a block are what one person has; beyond, each doubling weighs the same.
    return np.where(where, np.log(np.maximum(block, 4) / 4), 0.0)


def _logins(
    table: Table, pairs: Pairs, handle: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """For pairs that share a login: whether it is a word of names ("alex"), its length, and whether neither of the two
    logs in by it, but both are called so."""
    common, length = np.zeros(len(pairs), np.bool_), np.zeros(len(pairs), np.int64)
    called = np.zeros(len(pairs), np.bool_)
    for place in np.flatnonzero(handle).tolist():
        left, right = int(pairs.left[place]), int(pairs.right[place])
        mine, theirs = table.handles[left], table.handles[right]
        shared = [login for login in mine if login in theirs]
        if shared:
            best = max(shared, key=lambda login: (table.names_with[login] == 0, len(login)))
            common[place], length[place] = table.names_with[best] > 0, len(best)
            both = table.only_called[left] and table.only_called[right]
            called[place] = bool(both) and shared == [mine[-1]] == [theirs[-1]]
    return common, length, called


def _rival_logins(table: Table, pairs: Pairs) -> NDArray[np.bool_]:
    number: dict[str, int] = {}
    # Accounts without a login are told apart from all by numbers of their own, below 0.
    codes = np.empty(len(table), np.int64)
    for node, positions in enumerate(table.accounts_of):
        account = table.accounts[positions[0]]
        codes[node] = number.setdefault(account.source, len(number)) if account.username else -1 - node
    rivals: NDArray[np.bool_] = codes[pairs.left] == codes[pairs.right]
    return rivals
