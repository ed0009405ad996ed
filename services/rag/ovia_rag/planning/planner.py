"""A question of an organisation becomes a plan."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ovia_rag.planning.calendar import Clock
from ovia_rag.planning.composing import compose
from ovia_rag.planning.given import contradictions
from ovia_rag.planning.reading import Reading, keys_in, must_be_question, read
from ovia_rag.planning.settling import nearest, unknown_names
from ovia_rag.planning.understanding import Seen, Understanding, see, understand
from ovia_rag.planning.vocabulary import Vocabularies, Vocabulary
from ovia_shared.database.ask import vocabulary
from ovia_shared.database.ask.vocabulary import Names
from ovia_shared.database.pool import Connection
from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.models.ask import Ambiguity, Candidate, Filters, Intent, Mention, MentionKind, Plan
from ovia_shared.models.token import Role

BY_RULES = "rules"
SHARED = Vocabularies()


def prepare() -> None:
    """Reads the words and dictionaries, which takes a second: for a thread at start, so that no question waits."""
    nothing = Vocabulary(Names(people=[], teams=[], products=[], projects=[], sprints=[], releases=[]))
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    by_rules(read("Сколько MR влили в прошлом месяце?", {}, nothing, clock), Filters(), Role.VIEWER)


async def plan(
    conn: Connection,
    org_id: UUID,
    question: str,
    filters: Filters | None = None,
    *,
    now: datetime,
    zone: ZoneInfo,
    caller_role: Role,
    vocabularies: Vocabularies = SHARED,
) -> Plan:
    """The plan by rules alone.

    Raises `InvalidInput` for what is no question, for days that there are not and times that are yet to come, and
    `NotAllowed` for numbers of one person that the role does not reach.
    """
    reading = await read_question(conn, org_id, question, now=now, zone=zone, vocabularies=vocabularies)
    return by_rules(reading, filters or Filters(), caller_role)


def by_rules(reading: Reading, filters: Filters, role: Role) -> Plan:
    """The plan for a question that was read. Raises `InvalidInput` and `NotAllowed`."""
    seen = seen_in(reading)
    return finish(reading, seen, understand(seen), filters, role, BY_RULES)


async def read_question(
    conn: Connection, org_id: UUID, question: str, *, now: datetime, zone: ZoneInfo, vocabularies: Vocabularies
) -> Reading:
    """Its words, and the names and times among them. Raises `InvalidInput`."""
    must_be_question(question)
    known = await vocabularies.get(conn, org_id)
    keys = keys_in(question)
    items = await vocabulary.work_items(conn, org_id, keys) if keys else {}
    return read(question, items, known, Clock(now, zone))


def seen_in(reading: Reading) -> Seen:
    """Which phrases are in what names and times leave of it."""
    kinds = frozenset(one.meant.kind for one in reading.mentions)
    kinds |= {one.kind for ambiguity in reading.ambiguities for one in ambiguity.candidates}
    return see(reading.question, reading.words, reading.gone, kinds, named=reading.named, timed=bool(reading.times))


def finish(reading: Reading, seen: Seen, wanted: Understanding, filters: Filters, role: Role, by: str) -> Plan:
    """The plan for what is wanted; one that asks back if a name that matters is not clear."""
    mentions = sorted(reading.mentions + _times(reading) + _kpis(reading, seen, wanted), key=lambda one: one.start)
    # Texts are narrowed by the filters, whatever else the question names, and say so.
    against = [] if wanted.intent is Intent.KNOWLEDGE else contradictions(reading, filters)
    ambiguities = _unclear(reading, wanted) + against
    if ambiguities:
        return Plan(
            language=reading.language, intent=wanted.intent, by=by, mentions=mentions, ambiguities=ambiguities,
            assumptions=reading.sayings.said if against else [],
        )  # fmt: skip
    _tell(reading, seen, wanted)
    return msgspec.structs.replace(compose(reading, wanted, filters, role, by), mentions=mentions)


def _unclear(reading: Reading, wanted: Understanding) -> list[Ambiguity]:
    """Names that could be several things, or nothing there is. Passages are found by their words anyhow."""
    if wanted.intent is Intent.KNOWLEDGE:
        return []
    unclear = [*reading.ambiguities, *(Ambiguity(text=key, candidates=[]) for key in reading.lost_keys)]
    if wanted.intent is Intent.PERSON and wanted.topic:
        return unclear
    gone = reading.gone
    for text, kind in unknown_names(reading.question, reading.words, gone):
        if not any(text in one.text for one in unclear):
            unclear.append(Ambiguity(text=text, candidates=nearest(text, reading.vocabulary, kind)))
    return unclear


def _tell(reading: Reading, seen: Seen, wanted: Understanding) -> None:
    by_units: dict[frozenset[int], list[str]] = {}
    for hit in seen.kpis:
        if hit.meaning in wanted.kpis:
            by_units.setdefault(hit.units, []).append(hit.meaning)
    for units, kpis in by_units.items():
        if len(kpis) > 1:
            titles = ", ".join(CATALOGUE[kpi].title for kpi in kpis)
            reading.sayings.say("several_kpis", text=_quoted(reading, seen, units)[0], label=titles)


def _kpis(reading: Reading, seen: Seen, wanted: Understanding) -> list[Mention]:
    found = []
    for hit in seen.kpis:
        if hit.meaning in wanted.kpis:
            text, start, end = _quoted(reading, seen, hit.units)
            meant = Candidate(kind=MentionKind.KPI, id=hit.meaning, label=CATALOGUE[hit.meaning].title, score=1.0)
            found.append(Mention(text=text, start=start, end=end, meant=meant))
    return found


def _times(reading: Reading) -> list[Mention]:
    found = []
    for one in reading.times:
        start, end = reading.words[one.first].start, reading.words[one.last - 1].end
        text = reading.question[start:end]
        meant = Candidate(kind=MentionKind.TIME, id=text, label=text, score=1.0)
        found.append(Mention(text=text, start=start, end=end, meant=meant))
    return found


def _quoted(reading: Reading, seen: Seen, units: frozenset[int]) -> tuple[str, int, int]:
    start = reading.words[min(seen.units[number].first for number in units)].start
    end = reading.words[max(seen.units[number].last for number in units) - 1].end
    return reading.question[start:end], start, end
