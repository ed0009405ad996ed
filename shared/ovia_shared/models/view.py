"""Who looked at whose page."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from ovia_shared.models.mapping import PersonReference


class PersonView(msgspec.Struct, frozen=True):
    """A token that read somebody's profile or activity, for the first time in an hour. `viewer` is its name, `person`
    whose it is, if somebody said so."""

    viewed_at: datetime
    token_id: UUID
    viewer: str
    person: PersonReference | None


class ViewPosition(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of views ended. `viewed_at` in microseconds since 1970, UTC."""

    viewed_at: Annotated[int, msgspec.Meta(ge=0, le=32503680000_000_000)]
    token_id: UUID
