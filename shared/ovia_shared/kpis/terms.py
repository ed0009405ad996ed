"""What is read from one fact: a number, as data. The database package turns terms into SQL.

A flag is 1 or 0. A term that finds nothing is null.
"""

from typing import Literal

import msgspec


class Value(msgspec.Struct, frozen=True, tag="value"):
    """The fact's own value."""


class Attribute(msgspec.Struct, frozen=True, tag="attribute"):
    """A number among its attributes."""

    name: str


class Flag(msgspec.Struct, frozen=True, tag="flag"):
    """Whether an attribute is true; 0 if it is missing."""

    name: str


class Has(msgspec.Struct, frozen=True, tag="has"):
    """Whether it has this attribute."""

    name: str


class One(msgspec.Struct, frozen=True, tag="one"):
    """1: the fact counts once."""


class Age(msgspec.Struct, frozen=True, tag="age"):
    """Time from its beginning, or from the moment an attribute names, to the end of the window."""

    unit: Literal["hours", "days"]
    since: str | None = None


class Silent(msgspec.Struct, frozen=True, tag="silent"):
    """Whether nothing had happened to it, at the end of the window, for longer than the setting `staleness` says."""


class Mapped(msgspec.Struct, frozen=True, tag="mapped"):
    """Whether the account it is about has a mapping: in use, verified, or waiting for a decision."""

    how: Literal["in_use", "verified", "conflict"]


class Minus(msgspec.Struct, frozen=True, tag="minus"):
    """One less the other."""

    left: "Term"
    right: "Term"


class Plus(msgspec.Struct, frozen=True, tag="plus"):
    """Their sum."""

    left: "Term"
    right: "Term"


class Either(msgspec.Struct, frozen=True, tag="either"):
    """Whether one of two flags is set."""

    left: "Term"
    right: "Term"


class Not(msgspec.Struct, frozen=True, tag="not"):
    """Whether a flag is not set."""

    flag: "Term"


Term = Value | Attribute | Flag | Has | One | Age | Silent | Mapped | Minus | Plus | Either | Not
