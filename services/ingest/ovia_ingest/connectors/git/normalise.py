"""From a commit as stored raw to the rows it gives. Pure; `VERSION` grows when a payload gives other rows."""

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Literal

import msgspec

from ovia_ingest.connectors.git import decoding
from ovia_ingest.connectors.git.commit_object import MalformedCommit, Signature, parse
from ovia_ingest.sources.mentions import mentions
from ovia_shared.models.canonical.references import Reference

VERSION = 2

MAX_SUMMARY = 500
MAX_NAME = 1000
MAX_EMAIL = 320
MAX_CACHED = 400
MAX_QUOTED = 60

Source = Literal["git_commit_author", "git_commit_committer"]
Role = Literal["author", "committer", "co_author"]

_SOURCES: dict[Role, Source] = {
    "author": "git_commit_author",
    "co_author": "git_commit_author",
    "committer": "git_commit_committer",
}


class RawCommit(msgspec.Struct, frozen=True, omit_defaults=True):
    """The stored form: `object` where the bytes are UTF-8 without NUL, else `object_base64`. Never both."""

    sha: str
    object: str | None = None
    object_base64: bytes | None = None


class CommitRow(msgspec.Struct, frozen=True, gc=False):
    """A commit for the canonical table. Dates in UTC, offsets in minutes east; `notes` say what was bent."""

    sha: str
    parent_count: int
    authored_at: datetime | None
    authored_offset_minutes: int | None
    committed_at: datetime | None
    committed_offset_minutes: int | None
    summary: str
    notes: tuple[str, ...]


class GitIdentity(msgspec.Struct, frozen=True, gc=False):
    """A person as one role of commits shows them.

    `external_id` is the SHA-256 of name, NUL and e-mail in full, in hexadecimal: what is cut for storage still
    tells two people apart.
    """

    source: Source
    role: Role
    external_id: str
    display_name: str | None
    email: str | None
    notes: tuple[str, ...] = ()


class CommitRows(msgspec.Struct, frozen=True, gc=False):
    """Everything one commit gives: identities are the author, the committer, then co-authors in order."""

    commit: CommitRow
    identities: tuple[GitIdentity, ...]
    references: tuple[Reference, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(RawCommit)


def payload(sha: str, raw: bytes) -> bytes:
    """The raw record of a commit: JSON that gives the object back to the byte (see `RawCommit`)."""
    if b"\0" not in raw:
        try:
            return _encoder.encode(RawCommit(sha, object=raw.decode()))
        except UnicodeDecodeError:
            pass
    return _encoder.encode(RawCommit(sha, object_base64=raw))


def unpack(payload_bytes: bytes) -> tuple[str, bytes]:
    """The (id, content) a payload was made of. Raises `MalformedCommit` if it is no payload of ours."""
    try:
        stored = _decoder.decode(payload_bytes)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedCommit("the payload is not a stored commit") from None
    if stored.object is not None:
        # The surrogates JSON can spell are not text; the bytes they stand for are no UTF-8 and fall back.
        return stored.sha, stored.object.encode(errors="surrogatepass")
    if stored.object_base64 is not None:
        return stored.sha, stored.object_base64
    raise MalformedCommit("the payload holds no object")


def normalise(payload_bytes: bytes) -> CommitRows:
    """The rows of one payload. Raises `MalformedCommit` for an object that is no commit."""
    commit = parse(*unpack(payload_bytes))
    author, committer = commit.author, commit.committer
    identities = [_identity("author", author), _identity("committer", committer)]
    identities += [_identity("co_author", person) for person in commit.co_authors]
    summary, notes = _summary(commit.message)
    notes = [*commit.remarks, *notes]
    if commit.decoding == decoding.FALLBACK:
        notes.append("some text is not valid in UTF-8 or the declared encoding; read as latin-1")
    for identity in identities:
        if identity.notes:
            role = identity.role.replace("_", "-")
            notes += [f"{role} {note}" for note in identity.notes]
    _note_time("author", author, notes)
    _note_time("committer", committer, notes)
    return CommitRows(
        CommitRow(
            commit.sha,
            len(commit.parents),
            author.time,
            author.offset_minutes,
            committer.time,
            committer.offset_minutes,
            summary,
            tuple(notes),
        ),
        tuple(identities),
        _references(commit.sha, commit.message),
    )


def _references(sha: str, message: str) -> tuple[Reference, ...]:
    """The work items that a message names, the title apart from the rest."""
    if "-" not in message:
        return ()
    title, _, rest = message.strip().partition("\n")
    return tuple(mentions("commit", sha, (("commit_title", title), ("commit_message", rest))))


def _identity(role: Role, person: Signature) -> GitIdentity:
    # Few people write most commits; only short names are kept, so that hostile ones cannot fill memory.
    if len(person.name) + len(person.email) <= MAX_CACHED:
        return _cached_identity(role, person.name, person.email)
    return _make_identity(role, person.name, person.email)


def _make_identity(role: Role, name: str, email: str) -> GitIdentity:
    notes = []
    if len(name) > MAX_NAME:
        notes.append(f"name cut from {len(name)} to {MAX_NAME} characters")
    if len(email) > MAX_EMAIL:
        notes.append(f"e-mail of {len(email)} characters left out")
    return GitIdentity(
        _SOURCES[role],
        role,
        hashlib.sha256(f"{name}\0{email}".encode()).hexdigest(),
        name[:MAX_NAME] or None,
        email if 0 < len(email) <= MAX_EMAIL else None,
        tuple(notes),
    )


_cached_identity = lru_cache(maxsize=8192)(_make_identity)


def _summary(message: str) -> tuple[str, list[str]]:
    """The first paragraph on one line, as git shows a subject."""
    # Cut first: the paragraph of a huge message need not be built to be thrown away.
    beginning = message.lstrip()[: 8 * MAX_SUMMARY].replace("\r\n", "\n")
    paragraph = beginning.partition("\n\n")[0]
    line = " ".join(paragraph.split("\n")) if "\n" in paragraph else paragraph
    line = line.strip()
    if len(line) <= MAX_SUMMARY:
        return line, []
    return line[:MAX_SUMMARY], [f"summary cut to {MAX_SUMMARY} characters"]


def _note_time(role: str, signature: Signature, notes: list[str]) -> None:
    if signature.time is not None and signature.offset_minutes is not None:
        return
    raw = signature.raw_time
    stamp, _, zone = raw.partition(" ")
    if not raw:
        notes.append(f"{role} date is missing")
    elif signature.time is not None:
        notes.append(f"{role} time zone {zone[:MAX_QUOTED]!r} is not an offset")
    elif not stamp.removeprefix("-").isdecimal():
        notes.append(f"{role} date {raw[:MAX_QUOTED]!r} is not a date")
    elif stamp.startswith("-"):
        notes.append(f"{role} date {raw[:MAX_QUOTED]!r} is before the year 1")
    else:
        notes.append(f"{role} date {raw[:MAX_QUOTED]!r} is beyond the year 9999")
