"""A commit object as git stores it, read without git's own opinions about dates and names."""

import msgspec

from ovia_ingest.connectors.git import decoding
from ovia_ingest.connectors.git.signature import ABSENT, Signature, parse_signature
from ovia_ingest.connectors.git.trailers import co_authors
from ovia_shared.errors import SourceError, SourceFault

__all__ = ["CommitObject", "MalformedCommit", "Signature", "parse"]


class MalformedCommit(SourceError):
    """An object that is no commit beyond doubt; `reason` says what it lacks."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"malformed commit: {reason}", fault=SourceFault.SKIPPABLE)
        self.reason = reason


class CommitObject(msgspec.Struct, frozen=True, gc=False):
    """A commit in text that any database can hold: NUL and lone surrogates became U+FFFD.

    `encoding` is what the commit declares, `decoding` how it was read: `utf-8`, the codec of the declared
    encoding, or `latin-1 (fallback)` where the bytes are neither. `remarks` say in words what is missing or
    was replaced.
    """

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    encoding: str | None
    decoding: str
    co_authors: tuple[Signature, ...]
    remarks: tuple[str, ...]


class _Header:
    """The header lines that concern us, as they stand. Continuation lines (signatures) begin with a blank."""

    __slots__ = ("author", "committer", "encoding", "parents", "repeated", "tree")

    def __init__(self, text: str) -> None:
        self.tree: str | None = None
        self.parents: list[str] = []
        self.author: str | None = None
        self.committer: str | None = None
        self.encoding: str | None = None
        self.repeated: set[str] = set()
        for line in text.split("\n"):
            key, _, value = line.partition(" ")
            if key == "parent":
                self.parents.append(value)
            elif key in {"tree", "author", "committer", "encoding"}:
                if getattr(self, key) is None:
                    setattr(self, key, value)
                else:
                    self.repeated.add(key)


def parse(sha: str, raw: bytes) -> CommitObject:
    """Reads the content of a commit object. Pure.

    Raises `MalformedCommit` if it has no tree, or neither author nor committer; everything else is read as
    far as it goes, with a remark.
    """
    try:
        text = raw.decode()
        structure = decoding.UTF_8
    except UnicodeDecodeError:
        # One character per byte: the structure is ASCII, and the bytes of each part can be had back.
        text = raw.decode("latin-1")
        structure = "latin-1"
    head, _, message = text.partition("\n\n")
    header = _Header(head)
    if header.tree is None:
        raise MalformedCommit("no tree")
    if header.author is None and header.committer is None:
        raise MalformedCommit("neither author nor committer")
    remarks: list[str] = []
    tree, parents = header.tree, tuple(header.parents)
    author, committer, encoding = header.author, header.committer, header.encoding
    way = decoding.UTF_8
    if structure != decoding.UTF_8 or encoding is not None:
        declared = decoding.codec(encoding) if encoding is not None else None
        parts = [part.encode(structure) for part in (author or "", committer or "", message)]
        texts, way = decoding.decode_all(parts, declared)
        author = None if author is None else texts[0]
        committer = None if committer is None else texts[1]
        message = texts[2]
        if encoding is not None and declared is None:
            remarks.append(f"encoding {encoding[:40]!r} is unknown")
    if "\0" in text:
        remarks.append("NUL characters were replaced")
        author, committer, encoding = _storable(author), _storable(committer), _storable(encoding)
        tree, parents, message = (
            decoding.storable(tree),
            tuple(map(decoding.storable, parents)),
            decoding.storable(message),
        )
    by, through = _people(author, committer, remarks)
    remarks += [f"more than one {key} line; the first counts" for key in sorted(header.repeated)]
    beside, unusable = co_authors(message, by)
    return CommitObject(
        sha,
        tree,
        parents,
        by,
        through,
        message,
        encoding,
        way,
        beside,
        (*remarks, *unusable) if remarks else unusable,
    )


def _people(author: str | None, committer: str | None, remarks: list[str]) -> tuple[Signature, Signature]:
    by = ABSENT if author is None else parse_signature(author)
    if author is None:
        remarks.append("no author line")
    if committer is None:
        remarks.append("no committer line")
        return by, ABSENT
    # Most commits are made and committed by one person at one moment.
    return by, by if committer == author else parse_signature(committer)


def _storable(text: str | None) -> str | None:
    return None if text is None else decoding.storable(text)
