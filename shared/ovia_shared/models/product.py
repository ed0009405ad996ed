"""Products, and the projects and spaces they are made of."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.review import Line

_Text = Annotated[str, msgspec.Meta(max_length=2000, pattern="^[^\\x00]*\\Z")]
_ExternalId = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern="^[^\\x00]*\\Z")]


class ProjectKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A project by its source: the connection, and the id it has there."""

    connection_id: UUID
    external_id: _ExternalId


class Project(msgspec.Struct, frozen=True):
    """A Jira project, a GitLab project or a Confluence space. `key` is what people call it by."""

    connection_id: UUID
    external_id: str
    source: ConnectionKind
    kind: str
    key: str
    name: str
    url: str | None
    archived: bool


class ProjectFilter(msgspec.Struct, frozen=True):
    """Which projects are wanted. `text` occurs in name or key, in whatever case."""

    source: ConnectionKind | None = None
    connection_id: UUID | None = None
    text: str | None = None


class ProjectPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of projects ended."""

    name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    connection_id: UUID
    external_id: _ExternalId


class Product(msgspec.Struct, frozen=True):
    """A named set of projects and spaces that people want numbers for."""

    id: UUID
    name: str
    description: str | None
    projects: list[Project]
    version: int
    created_at: datetime


class NewProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product as it shall be, with all its projects."""

    name: Line
    description: _Text | None = None
    projects: Annotated[list[ProjectKey], msgspec.Meta(max_length=1000)] = []


class ProductPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of products ended."""

    name: Annotated[str, msgspec.Meta(pattern="^[^\\x00]*\\Z")]
    id: UUID
