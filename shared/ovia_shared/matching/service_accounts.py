"""Which accounts are no person's: bots, pipelines, apps, technical users. Each verdict with its reasons.

Reasons are log-odds that add up, as in matching. People are called Talbot, Le Bot and Hudson, so words count only as
whole words, and a name that looks like a person's speaks against. What a source says outright settles it; what an
account does never does so alone.
"""

import math
import re
from functools import lru_cache

import msgspec

from ovia_shared.matching.machine_words import (
    BOT_FAMILIES,
    BOT_WORDS,
    FILLERS,
    GIVEN_NAMES,
    PARTICLES,
    PRODUCTS,
    TASK_WORDS,
    TOOL_WORDS,
    WEAK_ALONE,
)
from ovia_shared.models.rule_trace import RuleTrace

CACHED = 1 << 16
LONGEST = 320
# Before anything is known: few accounts are machines.
PRIOR = -4.0
SAID_BY_SOURCE = 12.0
TOKEN_USER = 9.0
MARKED_BOT = 9.0
PRODUCT = 7.0
# People keep a mailbox of their own for each place they write to: github@lee.example.
PRODUCT_AS_MAILBOX = 2.5
BOT_WORD = 7.0
ENDS_LIKE_A_BOT = 6.0
TASK_WORD = 4.5
# Job and Server are given names too: job.lee
TASK_WORD_AS_PEOPLE_ARE = 3.5
TASK_NAME = 5.5
NO_REPLY = 1.0
PERSONS_NAME = -4.0
ROUND_THE_CLOCK = 2.0
IN_BURSTS = 1.5
# Fewer actions show no habit.
FEWEST_ACTIONS = 200
HOURS_NOBODY_WORKS = 22
BURST = 30

_TOKEN_USER = re.compile(r"^(?:project|group)_\d+_bot(?:_[0-9a-f]+)?$|^service_account_", re.IGNORECASE)
_MARKED = re.compile(r"\[bot\]|\(bot\)|\bbot account\b|\bservice account\b", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PARTS = re.compile(r"[\W_]+")
_ENDING = re.compile(
    r"(?:bot|robot|machine|automation|webhook|autoroller|deployer|\w{3}(?:gerrit|weblate|zuul|teamcity))$"
)
_NUMBER = re.compile(r"^(?:\d+\+)?(.*?)\d*$")
_NO_REPLY = re.compile(r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply)$")
# Bots of portals and the like, among many people called Talbot.
_TAL_BOT = re.compile(r"(?:por|digi|capi|crys|to|me|ren|hospi|men|fa|vi)talbot$")
_AS_PEOPLE_ARE = re.compile(r"^[A-Za-z]+\.[A-Za-z]+$")
_SERVICE_PREFIX = re.compile(r"^(?:svc|srv|srvc|sa|serviceaccount)[-_.]", re.IGNORECASE)


class Behaviour(msgspec.Struct, frozen=True):
    """What an account did over a time. `hours`: of the 24 hours of a day (UTC), in how many at least one action in a
    hundred fell. `busiest_minute`: the most actions within one minute."""

    actions: int
    hours: int
    busiest_minute: int


class Verdict(msgspec.Struct, frozen=True):
    """`confidence` that no person owns the account (0 to 1); the contributions of the trace sum to its logit."""

    confidence: float
    rule_trace: tuple[RuleTrace, ...]

    @property
    def service_account(self) -> bool:
        """Whether it is more likely a machine's than a person's."""
        return self.confidence >= 0.5

    @property
    def reason(self) -> str | None:
        """The strongest evidence in words; None for a person's account."""
        return max(self.rule_trace, key=lambda one: one.contribution).evidence if self.service_account else None


def detect(
    username: str | None,
    display_name: str | None,
    email: str | None,
    said: str | None = None,
    behaviour: Behaviour | None = None,
) -> Verdict:
    """Judges an account by what it is called, by what its source `said` of it outright, and by what it does."""
    traces = list(_by_name(_text(username), _text(display_name), _text(email)))
    if said:
        traces.append(RuleTrace("said_by_source", said, SAID_BY_SOURCE, SAID_BY_SOURCE))
    if behaviour is not None:
        traces += _by_behaviour(behaviour)
    log_odds = PRIOR + sum(one.contribution for one in traces)
    ordered = sorted(traces, key=lambda one: (-abs(one.contribution), one.rule))
    prior = RuleTrace("prior", "most accounts are people's", PRIOR, PRIOR)
    return Verdict(round(1 / (1 + math.exp(-log_odds)), 6), (*ordered, prior))


def _text(value: str | None) -> str:
    return (value or "").strip()[:LONGEST]


@lru_cache(CACHED)
def _by_name(username: str, display_name: str, email: str) -> tuple[RuleTrace, ...]:
    local, _, domain = email.lower().rpartition("@")
    written = email.rpartition("@")[0]
    found = [
        *_login("login", username),
        *(_login("mailbox", written) if written.lower() != username.lower() else ()),
        *_name(display_name),
    ]
    # Login, mailbox and name often say the same: the strongest counts in full, the next by half, and so on.
    found.sort(key=lambda one: -one.weight)
    told = [one if place == 0 else _halved(one, place) for place, one in enumerate(found)]
    if _NO_REPLY.match(local):
        told.append(RuleTrace("no_reply", f"nobody reads mail to {local}@{domain}", NO_REPLY, NO_REPLY))
    if _looks_like_a_person(display_name):
        told.append(
            RuleTrace(
                "name_of_a_person", f"{_shown(display_name)} looks like a person's name", PERSONS_NAME, PERSONS_NAME
            )
        )
    return tuple(told)


def _halved(one: RuleTrace, place: int) -> RuleTrace:
    return RuleTrace(one.rule, one.evidence, one.weight, one.weight / 2**place)


def _login(what: str, login: str) -> tuple[RuleTrace, ...]:
    """What a login or the local part of an address says: at most one line, the strongest."""
    if not login:
        return ()
    shown = f"the {what} {_shown(login)}"
    if _TOKEN_USER.match(login):
        return (_said("token_user", "the user of an access token", TOKEN_USER),)
    if _MARKED.search(login):
        return (_said("marked_as_bot", f"{shown} is marked as a bot's", MARKED_BOT),)
    words = _words(login)
    if _is_product(words):
        weight = PRODUCT_AS_MAILBOX if what == "mailbox" else PRODUCT
        return (_said("known_product", f"{shown} is that of a product", weight),)
    if word := _machine_word(login, words):
        return (_said("machine_word", f"{shown} contains the word '{word}'", BOT_WORD),)
    if word := next((one for one in words if _ends_like_a_bot(one)), None):
        return (_said("ends_like_a_machine", f"{shown} ends like a machine's", ENDS_LIKE_A_BOT),)
    if _SERVICE_PREFIX.match(login):
        return (_said("service_prefix", f"{shown} begins like a technical user's", TASK_WORD),)
    word = next((one for one in words if one in TASK_WORDS), None)
    if word and (len(words) > 1 or word not in WEAK_ALONE):
        weight = TASK_WORD_AS_PEOPLE_ARE if _AS_PEOPLE_ARE.match(login) else TASK_WORD
        return (_said("task_word", f"{shown} contains the word '{word}'", weight),)
    return ()


def _machine_word(login: str, words: list[str]) -> str | None:
    for word in words:
        # leroy.jenkins is written as people are, fernweh-jenkins is not.
        persons = _is_family(word, words) or (word == "jenkins" and _AS_PEOPLE_ARE.match(login))
        if word in BOT_WORDS and not persons:
            return word
        if len(words) > 1 and word in TOOL_WORDS and not _AS_PEOPLE_ARE.match(login):
            return word
        if word.endswith("ci") and (word[:-2] in FILLERS or word[:-2] in PRODUCTS):
            return word
    return None


def _name(display_name: str) -> tuple[RuleTrace, ...]:
    """What a display name says: stricter than a login, since people's names are made of words too."""
    if not display_name or "@" in display_name:
        return ()
    shown = f"the name {_shown(display_name)}"
    if _MARKED.search(display_name):
        return (_said("marked_as_bot", f"{shown} is marked as a bot's", MARKED_BOT),)
    words = _words(display_name)
    if _is_product(words):
        return (_said("known_product", f"{shown} is that of a product", PRODUCT),)
    if len(words) == 1:
        return _login("name", display_name)
    if len(words) > 1 and _last_word_is_machine(display_name, words):
        return (_said("machine_name", f"{shown} ends with the word '{words[-1]}'", BOT_WORD),)
    known = [(one in BOT_WORDS and one != "jenkins") or one in TASK_WORDS for one in words]
    if any(known) and all(yes or one in FILLERS or _is_product([one]) for yes, one in zip(known, words, strict=True)):
        return (_said("task_name", f"{shown} says what a machine does", TASK_NAME),)
    if words and words[0] in ("automation", "automated"):
        return (_said("machine_name", f"{shown} begins with the word '{words[0]}'", BOT_WORD),)
    return ()


def _last_word_is_machine(display_name: str, words: list[str]) -> bool:
    last = words[-1]
    if last == "ci":
        # "Travis CI", but neither "Zhang Ci" nor "ZHANG CI".
        return display_name.rstrip().endswith("CI") and not display_name.isupper()
    if last in ("jenkins", "prow", "machine", "cron"):
        return False
    if last in ("bot", "bots", "robot"):
        return not _is_family(last, words)
    return last in BOT_WORDS or (_ends_like_a_bot(last) and not _looks_like_a_person(display_name))


def _is_family(word: str, words: list[str]) -> bool:
    """Whether "bot" is somebody's family name: Jan Bot, Yann Le Bot."""
    if word != "bot" or words[-1] != "bot":
        return False
    before = words[:-1]
    return bool(before) and (before[0] in GIVEN_NAMES or before[-1] in PARTICLES)


def _is_product(words: list[str]) -> bool:
    return "".join(words) in PRODUCTS or (len(words) > 1 and "".join(words[:-1]) in PRODUCTS and words[-1] in FILLERS)


def _ends_like_a_bot(word: str) -> bool:
    """Whether a word written as one ends with a machine's: dependabot, but not jtalbot."""
    if not _ENDING.search(word) or len(word) < 5:
        return False
    for family in BOT_FAMILIES:
        if word.endswith(family):
            rest = word[: -len(family)]
            if len(rest) <= 2 or rest in GIVEN_NAMES or (family == "talbot" and not _TAL_BOT.search(word)):
                return False
    return True


def _looks_like_a_person(display_name: str) -> bool:
    """Two to four words, none of them a machine's, each beginning with a capital, or of a script without them."""
    parts, words = display_name.split(), _words(display_name)
    if not 2 <= len(parts) <= 4 or not words or any(character.isdigit() for character in display_name):
        return False
    if _is_family(words[-1], words):
        return True
    # Some words are family names as well, and some given names: Ann Jenkins, Guo Ci, Robot Ivanov.
    given, family = words[0] in ("robot", "ci"), len(words) > 1 and words[-1] in ("jenkins", "ci", "prow", "machine")
    if any(one in BOT_WORDS for one in words[int(given) : len(words) - int(family)]):
        return False
    if all(one in TASK_WORDS or one in FILLERS for one in words):
        return False
    lower = [part for part in parts if part[:1].islower() and part.lower() not in PARTICLES]
    return len(lower) < len(parts) / 2


@lru_cache(CACHED)
def _split(text: str) -> tuple[str, ...]:
    # Both as written and by capitals: "ImgBotApp", but "GitHub" and "CI".
    parts = [part for part in _PARTS.split(text) if part]
    found: list[str] = []
    for part in parts:
        inner = _CAMEL.sub(" ", part).lower().split()
        found += inner if len(inner) > 1 and "".join(inner) not in PRODUCTS else [part.lower()]
    stripped = (_NUMBER.sub(r"\1", word) if word != "k8s" else word for word in found)
    return tuple(word for word in stripped if word)


def _words(text: str) -> list[str]:
    return list(_split(text))


def _by_behaviour(behaviour: Behaviour) -> list[RuleTrace]:
    """What people rarely do. It tips what a name leaves open, and marks nobody with a person's name."""
    if behaviour.actions < FEWEST_ACTIONS:
        return []
    found = []
    if behaviour.hours >= HOURS_NOBODY_WORKS:
        evidence = f"active in {behaviour.hours} of the 24 hours of a day"
        found.append(RuleTrace("round_the_clock", evidence, ROUND_THE_CLOCK, ROUND_THE_CLOCK))
    if behaviour.busiest_minute >= BURST:
        evidence = f"did {behaviour.busiest_minute} things within one minute"
        found.append(RuleTrace("in_bursts", evidence, IN_BURSTS, IN_BURSTS))
    return found


def _said(rule: str, evidence: str, weight: float) -> RuleTrace:
    return RuleTrace(rule, evidence, weight, weight)


def _shown(text: str) -> str:
    return f"'{text if len(text) <= 80 else text[:79] + '…'}'"
