"""A page or a blog post with its versions, comments and mentions as canonical rows. Pure; `VERSION` grows with it."""

from collections.abc import Callable

import msgspec

from ovia_ingest.connectors.confluence import payloads, storage_format
from ovia_ingest.connectors.confluence.api import address
from ovia_ingest.connectors.confluence.definitions import LONGEST_ID, Normaliser, person, user
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.mentions import mentions
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import line, long_text, moment
from ovia_shared.database.canonical_tables import Row
from ovia_shared.models.canonical.documents import Document, DocumentVersion
from ovia_shared.models.canonical.work_items import Comment
from ovia_shared.models.identity import NewIdentity
from ovia_shared.models.source import Deployment

VERSION = 1
LARGEST_NUMBER = 2**31
NOT_RESOLVED = frozenset({"open", "reopened", "dangling"})
GONE = frozenset({"trashed", "deleted", "draft"})


class _Seen:
    """Accounts as they are met, and the external id to name each by."""

    def __init__(self) -> None:
        self.accounts: dict[NewIdentity, None] = {}

    def name(self, account: NewIdentity | None) -> str | None:
        if account is None:
            return None
        self.accounts[account] = None
        return account.external_id


def documents(kind: str, context: Context) -> Normaliser:
    """The normaliser of pages (`page`) or blog posts (`blogpost`) of one connection."""
    read: Callable[[str, bytes, Context], Normalised]
    read = _data_center if context.deployment is Deployment.DATA_CENTER else _cloud
    return lambda payload: read(kind, payload, context)


def _cloud(kind: str, payload: bytes, context: Context) -> Normalised:
    envelope = msgspec.json.decode(payload, type=payloads.CloudEnvelope)
    shown, seen = envelope.document, _Seen()
    external_id = _id(shown.id)
    latest = shown.version or payloads.CloudVersion()
    listed = [version for version in (*(envelope.versions or []), shown.version) if version is not None]
    versions = [
        DocumentVersion(
            document_external_id=external_id,
            number=version.number,
            author_account=seen.name(person(version.authorId)),
            message=line(version.message),
            minor=version.minorEdit,
            created_at=moment(version.createdAt),
        )
        for version in listed
        if version.number is not None and _fits(version.number)
    ]
    comments = [
        _cloud_comment(external_id, thread, seen, inline=inline)
        for inline, threads in ((False, envelope.footer_comments), (True, envelope.inline_comments))
        for thread in threads or []
        if thread is not None and thread.comment.id is not None and thread.comment.status not in GONE
    ]
    body = _body(shown.body)
    document = _document(kind, external_id, shown.title, body)
    document = msgspec.structs.replace(
        document,
        project_external_id=_text_id(shown.spaceId) or envelope.scope,
        url=_url(context, shown.links),
        status=line(shown.status),
        parent_external_id=_text_id(shown.parentId),
        author_account=seen.name(person(shown.authorId)),
        last_author_account=seen.name(person(latest.authorId)),
        version=latest.number if latest.number is not None and _fits(latest.number) else None,
        labels=_labels(envelope.labels),
        created_at=moment(shown.createdAt),
        updated_at=moment(latest.createdAt),
        restricted=bool(envelope.restricted_by),
    )
    return _made(document, versions, comments, body, seen)


def _cloud_comment(external_id: str, thread: payloads.CloudThread, seen: _Seen, *, inline: bool) -> Comment:
    comment = thread.comment
    latest = comment.version or payloads.CloudVersion()
    known = [version for version in (*(thread.versions or []), latest) if version is not None]
    first = next((version for version in known if version.number in (None, 1)), payloads.CloudVersion())
    return Comment(
        subject_kind="document",
        subject_external_id=external_id,
        external_id=_id(comment.id),
        author_account=seen.name(person(first.authorId or latest.authorId)),
        body=_body_text(comment.body),
        inline=inline,
        resolved=_resolved(comment.resolutionStatus),
        created_at=moment(first.createdAt),
        updated_at=moment(latest.createdAt),
    )


def _data_center(kind: str, payload: bytes, context: Context) -> Normalised:
    envelope = msgspec.json.decode(payload, type=payloads.ContentEnvelope)
    shown, seen = envelope.document, _Seen()
    external_id = _id(shown.id)
    latest, history = shown.version or payloads.Version(), shown.history or payloads.History()
    versions = [
        DocumentVersion(
            document_external_id=external_id,
            number=version.number,
            author_account=seen.name(user(version.by, context)),
            message=line(version.message),
            minor=version.minorEdit,
            created_at=moment(version.when),
        )
        for version in (*(envelope.versions or []), shown.version)
        if version is not None and version.number is not None and _fits(version.number)
    ]
    comments = [
        _content_comment(external_id, comment, seen, context)
        for comment in envelope.comments or []
        if comment is not None and comment.id is not None and comment.status not in GONE
    ]
    inline_labels = shown.metadata.labels.results if shown.metadata and shown.metadata.labels else None
    ancestors = [ancestor for ancestor in shown.ancestors or [] if ancestor is not None]
    body = _body(shown.body)
    document = _document(kind, external_id, shown.title, body)
    document = msgspec.structs.replace(
        document,
        project_external_id=(_text_id(shown.space.id) if shown.space is not None else None) or envelope.scope,
        url=_url(context, shown.links),
        status=line(shown.status),
        parent_external_id=_text_id(ancestors[-1].id) if ancestors else None,
        author_account=seen.name(user(history.createdBy, context)),
        last_author_account=seen.name(user(latest.by, context)),
        version=latest.number if latest.number is not None and _fits(latest.number) else None,
        labels=_labels(envelope.labels if envelope.labels is not None else inline_labels),
        created_at=moment(history.createdDate),
        updated_at=moment(latest.when),
        restricted=bool(envelope.restricted_by),
    )
    return _made(document, versions, comments, body, seen)


def _content_comment(external_id: str, comment: payloads.Content, seen: _Seen, context: Context) -> Comment:
    latest, history = comment.version or payloads.Version(), comment.history or payloads.History()
    extensions = comment.extensions or payloads.Extensions()
    first = latest if latest.number == 1 else payloads.Version()
    return Comment(
        subject_kind="document",
        subject_external_id=external_id,
        external_id=_id(comment.id),
        author_account=seen.name(user(history.createdBy or latest.by, context)),
        body=_body_text(comment.body),
        inline=extensions.location in ("inline", "resolved"),
        resolved=_resolved(extensions.resolution.status if extensions.resolution is not None else None),
        created_at=moment(history.createdDate) or moment(first.when),
        updated_at=moment(latest.when),
    )


def _document(kind: str, external_id: str, title: str | None, body: storage_format.Body) -> Document:
    notes: list[str] = []
    return Document(
        external_id=external_id,
        project_external_id="",
        kind=kind,
        title=line(title) or external_id,
        body=long_text(body.text, "body", notes),
        notes=tuple(notes),
    )


def _made(
    document: Document,
    versions: list[DocumentVersion],
    comments: list[Comment],
    body: storage_format.Body,
    seen: _Seen,
) -> Normalised:
    texts = [("title", document.title), *(("body", link) for link in body.links), ("body", document.body)]
    references = dict.fromkeys(mentions("document", document.external_id, texts))
    numbered = {version.number: version for version in versions}
    named = {comment.external_id: comment for comment in comments}
    rows: tuple[Row, ...] = (document, *numbered.values(), *named.values(), *references)
    return Normalised(rows, tuple(seen.accounts))


def _body(body: payloads.Body | None) -> storage_format.Body:
    return storage_format.read(body.storage.value if body is not None and body.storage is not None else None)


def _body_text(body: payloads.Body | None) -> str:
    return long_text(_body(body).text, "comment", []) or ""


def _resolved(status: str | None) -> bool | None:
    if status is None:
        return None
    return True if status == "resolved" else False if status in NOT_RESOLVED else None


def _labels(labels: list[payloads.Label | None] | None) -> tuple[str, ...]:
    names = (line(label.name, 255) for label in labels or [] if label is not None)
    return tuple(sorted({name for name in names if name is not None}))


def _url(context: Context, links: payloads.Links | None) -> str | None:
    return line(address(context, links.webui if links is not None else None), 2000)


def _fits(number: int) -> bool:
    return 0 < number < LARGEST_NUMBER


def _id(external_id: payloads.Id) -> str:
    found = _text_id(external_id)
    if found is None or len(found) > LONGEST_ID:
        raise ValueError("the document, or one of its comments, has no usable id")
    return found


def _text_id(external_id: payloads.Id) -> str | None:
    return (line(str(external_id)) or None) if external_id is not None else None
