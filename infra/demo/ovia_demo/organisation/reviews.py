"""What happens to a merge request once others see it: remarks, approvals, merging, or nothing for weeks."""

from datetime import datetime, timedelta
from random import Random

from ovia_demo.organisation import texts
from ovia_demo.organisation.authors import RENOVATE, Authors, Span, sha
from ovia_demo.organisation.code_model import Approval, MergeRequest, Note, Organisation
from ovia_demo.organisation.model import Account
from ovia_demo.organisation.times import hours, long_tailed, office, whole

TOKEN_BOT, SYNC_BOT, GHOST = "m-02", "m-03", "m-01"
FIRST_NOTE = 900_001


class _Review:
    """Gathers the acts on one merge request, of which those beyond the end are dropped."""

    def __init__(self, organisation: Organisation, made: MergeRequest, *, merges: bool) -> None:
        self.made = made
        self.merges = merges
        self.until = organisation.until

    def note(self, at: datetime, author: str, text: str, *, system: bool = False, line: bool = False) -> None:
        at = whole(at)
        if at <= self.until:
            one = Note(at=at, updated_at=at, author=author, text=text, system=system, kind="DiffNote" if line else None)
            one.resolved = True if line and at.second % 5 else False if line else None
            self.made.notes.append(one)

    def approve(self, at: datetime, actor: str) -> None:
        at = whole(at)
        if at <= self.until:
            self.made.approvals.append(Approval(actor, at))
            self.note(at, actor, "approved this merge request", system=True)


def review(
    rng: Random, organisation: Organisation, authors: Authors, made: MergeRequest, span: Span, *, was_draft: bool
) -> None:
    """Notes, approvals, and the state in which it is found at the end."""
    until = organisation.until
    acts = _Review(organisation, made, merges=span.merged is not None)
    product = next(one.product for one in organisation.repositories if one.id == made.repository)
    made.ready_at = None if span.ready > until else whole(max(span.ready, made.created_at))
    if was_draft:
        made.draft = span.ready > until
        if made.ready_at is not None:
            acts.note(made.ready_at, made.author, "marked this merge request as **ready**", system=True)
    reviewers = _reviewers(rng, authors, product, made, span.ready)
    usernames = {one: _username(authors, one) for one in reviewers}
    if reviewers:
        made.reviewers = reviewers
        asked = " and ".join(f"@{name}" for name in usernames.values())
        acts.note(span.ready + timedelta(seconds=20), made.author, f"requested review from {asked}", system=True)
    if made.author != RENOVATE and rng.random() < 0.15:
        acts.note(
            made.created_at + timedelta(minutes=4),
            TOKEN_BOT,
            "Preview is at https://preview.fernweh.example",
        )
    end = _end(acts, span)
    _discuss(rng, acts, authors, product, reviewers, span)
    _finish(rng, acts, authors, product, reviewers, span)
    made.notes.sort(key=lambda one: one.at)
    made.first_response_at = _first_response(made)
    moments = [made.created_at, *(one.at for one in made.notes), *(one.committed_at for one in made.commits)]
    moments += [one for one in (made.merged_at, made.closed_at) if one is not None]
    made.updated_at = max(one for one in moments if one <= until)
    if made.merged_at is not None and end is not None and rng.random() < 0.02:
        # Seen on real servers: the last update before the merge.
        made.updated_at = max(made.created_at, made.merged_at - timedelta(seconds=rng.randint(1, 40)))


def _reviewers(rng: Random, authors: Authors, product: str, made: MergeRequest, at: datetime) -> list[str]:
    wanted = rng.choices((0, 1, 2), (1, 6, 2))[0]
    found: list[str] = []
    for _ in range(wanted):
        one = authors.someone(rng, product, at, made.author)
        if one is not None and one not in found:
            found.append(one)
    return found


def _username(authors: Authors, actor: str) -> str:
    accounts: list[Account] = (authors.people.get(actor) or authors.machines[actor]).accounts
    return next(one.username or "" for one in accounts if one.source == "gitlab")


def _end(acts: _Review, span: Span) -> datetime | None:
    end = span.merged or span.closed
    return end if end is not None and end <= acts.until else None


def _discuss(
    rng: Random, acts: _Review, authors: Authors, product: str, reviewers: list[str], span: Span
) -> None:  # fmt: skip
    made, end = acts.made, span.merged or span.closed
    silent = rng.random() < (0.5 if made.author == RENOVATE else 0.07)
    if silent or (made.ready_at is None):
        return
    last = end or span.ready + hours(long_tailed(rng, 60, 0.8))
    wait = hours(long_tailed(rng, 3.2, 1.1))
    first = span.ready + min(wait, (last - span.ready) * 0.7)
    if wait > timedelta(hours=2) and office(rng, first) < last:
        first = office(rng, first)
    who = reviewers[0] if reviewers else authors.someone(rng, product, first, made.author)
    if who is None:
        return
    if rng.random() < 0.15:
        acts.note(span.ready + (first - span.ready) * 0.3, made.author, texts.review(rng))
    _remarks(rng, acts, who, first, last)
    for commit in (one for one in made.commits if one.committed_at > span.ready):
        listed = f"<ul><li>{commit.sha[:8]} - {commit.title}</li></ul>"
        text = f"added 1 commit\n\n{listed}\n\n[Compare with previous version]"
        acts.note(commit.committed_at + timedelta(seconds=2), made.author, text, system=True)


def _remarks(rng: Random, acts: _Review, who: str, first: datetime, last: datetime) -> None:
    """What the reviewer says and the author answers, and mostly an approval in the end."""
    made = acts.made
    count = rng.choices((0, 1, 2, 3, 5, 9, 25), (5, 6, 5, 4, 3, 1, 0.1))[0]
    for number in range(count):
        at = first + (last - first) * rng.random() * 0.8 if number else first
        author = who if number == 0 or made.author == RENOVATE or rng.random() < 0.5 else made.author
        acts.note(at, author, texts.review(rng), line=rng.random() < 0.6)
    if count >= 3 and rng.random() < 0.3:
        acts.note(first + timedelta(minutes=2), who, "requested changes", system=True)
    if acts.merges and rng.random() < 0.85:
        if rng.random() < 0.04:
            acts.note(first + timedelta(minutes=1), who, "approved this merge request", system=True)
            acts.note(first + timedelta(minutes=9), who, "unapproved this merge request", system=True)
        acts.approve(first if count == 0 else first + (last - first) * 0.9, who)


def _finish(
    rng: Random, acts: _Review, authors: Authors, product: str, reviewers: list[str], span: Span
) -> None:  # fmt: skip
    made = acts.made
    if span.merged is not None and span.merged <= acts.until:
        at = whole(span.merged)
        merger = rng.choice([*reviewers, made.author, made.author]) if made.author != RENOVATE else None
        merger = merger or authors.someone(rng, product, at) or SYNC_BOT
        made.state, made.merged_at, made.merged_by = "merged", at, merger
        if rng.random() < 0.92:
            made.merge_sha = sha("merge", made.repository, made.source_branch, made.created_at)
        if rng.random() < 0.35:
            made.squash_sha = sha("squash", made.repository, made.source_branch, made.created_at)
        made.draft = False
    elif span.closed is not None and span.closed <= acts.until:
        at = whole(span.closed)
        made.state, made.closed_at = "closed", at
        made.closed_by = made.author if rng.random() < 0.7 else (authors.someone(rng, product, at) or made.author)
        acts.note(at, made.closed_by, "closed", system=True)


def _first_response(made: MergeRequest) -> datetime | None:
    """Of a human who is not the author, from when it was ready. Asking for changes is an act of review too."""
    if made.ready_at is None:
        return None
    acts = [one.at for one in made.approvals if one.actor != made.author]
    acts += [
        one.at for one in made.notes
        if not one.author.startswith("m-") and one.author != made.author
        and (not one.system or one.text in ("requested changes", "approved this merge request"))
    ]  # fmt: skip
    return min((at for at in acts if at >= made.ready_at), default=None)


def number_notes(organisation: Organisation) -> None:
    """Ids of notes in the order of time through all merge requests."""
    notes = [(one.at, made.id, one) for made in organisation.merge_requests for one in made.notes]
    for number, (_, _, one) in enumerate(sorted(notes, key=lambda part: part[:2])):
        one.id = FIRST_NOTE + number
