"""The parts of Confluence's payloads that are read. Anything may be missing or null, whatever is documented."""

# ruff: noqa: N815 (Confluence's spelling)

import msgspec

Id = str | int | None


class User(msgspec.Struct):
    """A user of the v1 API: an account id on Cloud, a key and a name to log in by on Data Center."""

    accountId: str | None = None
    accountType: str | None = None
    userKey: str | None = None
    username: str | None = None
    displayName: str | None = None
    publicName: str | None = None
    email: str | None = None
    status: str | None = None


class Links(msgspec.Struct):
    webui: str | None = None


class Text(msgspec.Struct):
    value: str | None = None


class Body(msgspec.Struct):
    storage: Text | None = None


class Description(msgspec.Struct):
    plain: Text | None = None


class Space(msgspec.Struct):
    """A space of either API."""

    id: Id = None
    key: str | None = None
    name: str | None = None
    status: str | None = None
    description: Description | None = None
    authorId: str | None = None
    createdAt: str | None = None
    links: Links | None = msgspec.field(default=None, name="_links")


class Label(msgspec.Struct):
    name: str | None = None


class CloudVersion(msgspec.Struct):
    number: int | None = None
    message: str | None = None
    minorEdit: bool | None = None
    authorId: str | None = None
    createdAt: str | None = None


class CloudComment(msgspec.Struct):
    id: Id = None
    status: str | None = None
    version: CloudVersion | None = None
    body: Body | None = None
    resolutionStatus: str | None = None


class CloudThread(msgspec.Struct):
    """A comment, and its versions where there is more than one."""

    comment: CloudComment
    versions: list[CloudVersion | None] | None = None


class CloudDocument(msgspec.Struct):
    id: Id = None
    title: str | None = None
    status: str | None = None
    spaceId: Id = None
    parentId: Id = None
    authorId: str | None = None
    createdAt: str | None = None
    version: CloudVersion | None = None
    body: Body | None = None
    links: Links | None = msgspec.field(default=None, name="_links")


class CloudEnvelope(msgspec.Struct):
    document: CloudDocument
    scope: str = ""
    restricted_by: list[str] | None = None
    versions: list[CloudVersion | None] | None = None
    labels: list[Label | None] | None = None
    footer_comments: list[CloudThread | None] | None = None
    inline_comments: list[CloudThread | None] | None = None


class Version(msgspec.Struct):
    by: User | None = None
    when: str | None = None
    number: int | None = None
    message: str | None = None
    minorEdit: bool | None = None


class History(msgspec.Struct):
    createdBy: User | None = None
    createdDate: str | None = None


class Resolution(msgspec.Struct):
    status: str | None = None


class Extensions(msgspec.Struct):
    location: str | None = None
    resolution: Resolution | None = None


class Ancestor(msgspec.Struct):
    id: Id = None


class Labels(msgspec.Struct):
    results: list[Label | None] | None = None


class Metadata(msgspec.Struct):
    labels: Labels | None = None


class Content(msgspec.Struct):
    """A page, a post or a comment of the v1 API."""

    id: Id = None
    type: str | None = None
    title: str | None = None
    status: str | None = None
    space: Space | None = None
    history: History | None = None
    version: Version | None = None
    ancestors: list[Ancestor | None] | None = None
    metadata: Metadata | None = None
    body: Body | None = None
    extensions: Extensions | None = None
    links: Links | None = msgspec.field(default=None, name="_links")


class ContentEnvelope(msgspec.Struct):
    document: Content
    scope: str = ""
    restricted_by: list[str] | None = None
    versions: list[Version | None] | None = None
    labels: list[Label | None] | None = None
    comments: list[Content | None] | None = None
