"""Documents: pages and posts."""

from datetime import datetime

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A page or a blog post. `body` is clean text, with headings as lines that begin with `#`.

    `restricted`: the source shows it to some people only, by itself or by a page above it.
    """

    external_id: str
    project_external_id: str
    kind: str
    title: str
    body: str | None = None
    url: str | None = None
    status: str | None = None
    parent_external_id: str | None = None
    author_account: str | None = None
    last_author_account: str | None = None
    version: int | None = None
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    notes: tuple[str, ...] = ()
    restricted: bool = False


class DocumentVersion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An edit of a document. `minor` edits notify nobody."""

    document_external_id: str
    number: int
    author_account: str | None = None
    message: str | None = None
    minor: bool | None = None
    created_at: datetime | None = None
