"""Identifiers: UUIDv7, made here rather than in the database, so that every supported PostgreSQL orders them alike."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7: sorts by creation time, which keeps index inserts at the right edge."""
    return uuid7()
