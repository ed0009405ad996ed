"""What kind of answer a question wants, by its words: the part of a plan that a model may decide instead."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ovia_rag.planning.lexicon import lexicon
from ovia_rag.planning.phrases import Hit, Unit, hits, units_of
from ovia_rag.planning.resolving import hints
from ovia_rag.planning.text import Word
from ovia_shared.models.ask import Breakdown, Comparison, Intent, ListKind, MentionKind, PersonQuestion, SourceKind

MOST_KPIS = 4

Name = Annotated[str, msgspec.Meta(max_length=100)]


class Understanding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted: KPIs by their names in the catalogue, lists, what is asked about people.

    `recent`: what is newest. `kinds`: what passages may come from. `authored`: what somebody named wrote.
    `unranked`: people were to be ranked, which teams
    are instead.
    """

    intent: Intent
    kpis: list[Name] = []
    lists: list[ListKind] = []
    people: PersonQuestion | None = None
    topic: str | None = None
    comparison: Comparison = Comparison.NOTHING
    breakdown: Breakdown = Breakdown.NOTHING
    recent: bool = False
    kinds: list[SourceKind] = []
    authored: bool = False
    unranked: bool = False


class Seen(msgspec.Struct, frozen=True):
    """A question without the words of its names and times: units, and which phrases are there.

    `names` are the kinds of things that it names, with the words `named`. `timed`: it says a time.
    """

    question: str
    words: Sequence[Word]
    units: list[Unit]
    kpis: list[Hit]
    lists: list[Hit]
    cues: dict[str, list[Hit]]
    names: frozenset[MentionKind]
    timed: bool
    named: frozenset[int]

    def has(self, *cues: str) -> bool:
        """Whether one of these cues is there."""
        return any(cue in self.cues for cue in cues)

    @property
    def used(self) -> frozenset[int]:
        """The units of the KPIs or lists that are meant."""
        return frozenset(number for hit in [*self.kpis, *self.lists] for number in hit.units)

    @property
    def rest(self) -> list[int]:
        """Units that mean something else than the KPIs, lists and cues."""
        cued = {number for one in self.cues.values() for hit in one for number in hit.units}
        return [
            number
            for number, unit in enumerate(self.units)
            if number not in self.used | cued and not unit.small and not unit.forms & hints().keys()
        ]


def see(
    question: str,
    words: Sequence[Word],
    gone: frozenset[int],
    names: frozenset[MentionKind],
    *,
    named: frozenset[int],
    timed: bool,
) -> Seen:
    """Looks for phrases in the words that are not gone into names and times."""
    known = lexicon()
    units = units_of(words, known.concepts, known.small, gone)
    cues: dict[str, list[Hit]] = {}
    for hit in hits(known.cues, units):
        cues.setdefault(hit.meaning, []).append(hit)
    joined = "and" in cues or "," in question
    kpis = _chosen(hits(known.kpis, units), joined=joined)[: MOST_KPIS * 2]
    lists = _chosen(hits(known.lists, units), joined=joined)[:2]
    return Seen(question, words, units, kpis, lists, cues, names, timed, named)


def understand(seen: Seen) -> Understanding:
    """By rules, the more telling first."""
    for rule in (_definition, _why, _about_people, _how_to, _list, _metric, _status):
        if (found := rule(seen)) is not None:
            return found
    return _knowledge(seen)


def _chosen(found: Sequence[Hit], *, joined: bool) -> list[Hit]:
    """Those of most words, and others beside them. Phrases of the very same words are all meant."""
    chosen: list[Hit] = []
    for hit in found:
        same = any(hit.units == one.units and hit.meaning != one.meaning for one in chosen)
        apart = all(hit.units.isdisjoint(one.units) for one in chosen)
        if any(hit.meaning == one.meaning for one in chosen):
            continue
        if same or (apart and (not chosen or joined)):
            chosen.append(hit)
    return chosen


def _definition(seen: Seen) -> Understanding | None:
    bare = seen.words[0].lower in ("what", "whats") and len(seen.words) <= sum(
        unit.last - unit.first for number, unit in enumerate(seen.units) if number in seen.used
    ) + (3 if len(seen.words) > 1 and seen.words[1].lower == "s" else 2)
    if not seen.kpis or seen.names or seen.timed or not ((bare and not seen.lists) or seen.has("definition")):
        return None
    if bare and seen.words[1].lower not in ("is", "are", "s"):
        return None
    return Understanding(
        intent=Intent.KNOWLEDGE, kinds=[SourceKind.KPI, SourceKind.DOCUMENT], kpis=[one.meaning for one in seen.kpis]
    )


def _why(seen: Seen) -> Understanding | None:
    if not seen.has("why") or not seen.kpis or MentionKind.WORK_ITEM in seen.names:
        return None
    return Understanding(intent=Intent.WHY, kpis=_kpis(seen), comparison=Comparison.PREVIOUS)


def _about_people(seen: Seen) -> Understanding | None:
    question = _person_question(seen)
    if question is None:
        return None
    topic = _topic(seen) if question in (PersonQuestion.KNOWS_ABOUT, PersonQuestion.OWNER_OF) else None
    if question is PersonQuestion.KNOWS_ABOUT and topic is None and not seen.names:
        return None
    return Understanding(intent=Intent.PERSON, people=question, topic=topic)


def _person_question(seen: Seen) -> PersonQuestion | None:
    names = seen.names
    if seen.kpis and not (seen.has("who") and not seen.has("most", "number")):
        return None
    if MentionKind.PERSON in names:
        return _of_person(seen)
    if MentionKind.TEAM in names and not seen.lists and seen.has("members", "who") and not seen.has("owner", "knows"):
        return PersonQuestion.MEMBERS_OF
    if not seen.has("who", "owner", "knows") or seen.lists:
        return None
    if seen.has("knows"):
        return PersonQuestion.KNOWS_ABOUT
    if seen.has("owner"):
        return PersonQuestion.OWNER_OF if seen.has("who") or names else None
    if seen.has("working_on") and seen.has("who") and names:
        return PersonQuestion.OWNER_OF
    return None


def _of_person(seen: Seen) -> PersonQuestion | None:
    if seen.lists or seen.has("number"):
        return None
    if seen.has("working_on", "status"):
        return PersonQuestion.WORKS_ON
    if not seen.rest and (seen.has("who", "team_of") or len(seen.units) <= 1):
        return PersonQuestion.WHO_IS
    return None


def _how_to(seen: Seen) -> Understanding | None:
    """Asked for what somebody wrote: how something is done, where it is described."""
    counted = {number for hit in seen.kpis for number in hit.units}
    asked = any(hit.units.isdisjoint(counted) for hit in seen.cues.get("how_to", ()))
    if not asked or seen.has("number", "comparison") or _breakdown(seen) is not Breakdown.NOTHING:
        return None
    if seen.has("status") and (seen.names or seen.timed) and not seen.rest:
        return None
    if seen.kpis and (seen.timed or seen.names) and max(len(one.units) for one in seen.kpis) > 1:
        return None
    return _knowledge(seen)


def _list(seen: Seen) -> Understanding | None:
    if not seen.lists or _breakdown(seen) is not Breakdown.NOTHING or MentionKind.WORK_ITEM in seen.names:
        return None
    longest = len(seen.lists[0].units)
    # A number, unless it is of something else than what the list is of: how many open merge requests.
    asking = {number for hit in seen.cues.get("list", ()) for number in hit.units}
    counted = seen.has("number") and seen.kpis and seen.lists[0].units - asking <= seen.kpis[0].units
    if seen.kpis and (counted or len(seen.kpis[0].units) > longest):
        return None
    if seen.has("why", "authored") or (
        longest == 1 and len(seen.rest) >= (2 if seen.has("list") or seen.timed or seen.names else 1)
    ):
        return None
    return Understanding(intent=Intent.LIST, lists=[ListKind(one.meaning) for one in seen.lists])


def _metric(seen: Seen) -> Understanding | None:
    if not seen.kpis or MentionKind.WORK_ITEM in seen.names:
        return None
    asked = seen.timed or seen.has("number") or seen.names or _breakdown(seen) is not Breakdown.NOTHING
    if len(seen.kpis[0].units) == 1 and len(seen.rest) >= (3 if asked else 2):
        return None
    breakdown = _breakdown(seen)
    unranked = breakdown is Breakdown.NOTHING and seen.has("who")
    moved = any(hit.units.isdisjoint(seen.used) for hit in seen.cues.get("comparison", ()))
    return Understanding(
        intent=Intent.METRIC,
        kpis=_kpis(seen),
        comparison=Comparison.PREVIOUS if moved else Comparison.NOTHING,
        breakdown=Breakdown.TEAM if unranked else breakdown,
        unranked=unranked,
    )


def _status(seen: Seen) -> Understanding | None:
    only_names = seen.names and not seen.rest and all(unit.small or unit.forms & hints().keys() for unit in seen.units)
    if not only_names and (not seen.has("status") or (seen.rest and not seen.names) or len(seen.rest) > 1):
        return None
    return Understanding(intent=Intent.STATUS, recent=True)


def _knowledge(seen: Seen) -> Understanding:
    sources = (
        ("in_documents", SourceKind.DOCUMENT),
        ("in_items", SourceKind.WORK_ITEM),
        ("in_changes", SourceKind.MERGE_REQUEST),
    )
    return Understanding(
        intent=Intent.KNOWLEDGE,
        recent=seen.has("recent"),
        kinds=[kind for cue, kind in sources if seen.has(cue)],
        authored=seen.has("authored"),
    )


def _kpis(seen: Seen) -> list[str]:
    return [one.meaning for one in seen.kpis][:MOST_KPIS]


def _breakdown(seen: Seen) -> Breakdown:
    for cue, breakdown in (("by_team", Breakdown.TEAM), ("by_product", Breakdown.PRODUCT)):
        # "By team Thermal" is one team.
        if any(not _before_a_name(seen, hit) for hit in seen.cues.get(cue, ())):
            return breakdown
    return Breakdown.NOTHING


def _before_a_name(seen: Seen, hit: Hit) -> bool:
    return any(seen.units[number].last in seen.named for number in hit.units)


def _topic(seen: Seen) -> str | None:
    """What is left of the question, from the first word that means something to the last."""
    cued = [number for cue in ("knows", "owner") for hit in seen.cues.get(cue, ()) for number in hit.units]
    rest = [number for number in seen.rest if not cued or number > max(cued)] or seen.rest
    if not rest:
        return None
    first, last = seen.units[rest[0]], seen.units[rest[-1]]
    return seen.question[seen.words[first.first].start : seen.words[last.last - 1].end]
