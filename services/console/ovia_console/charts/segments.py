"""A bar cut into parts, each as long as its share, such as the stages of a change. Pure."""

from collections.abc import Sequence

import msgspec

WIDTH, HEIGHT = 720.0, 44.0
# A part that is there at all is wide enough to be seen and hit.
_LEAST = 24.0


class Part(msgspec.Struct, frozen=True):
    """What a part stands for. Without a value it has no place in the bar."""

    name: str
    value: float | None
    label: str = ""
    href: str = ""


class Segment(msgspec.Struct, frozen=True):
    """A part in the picture; `place` is its colour, from 1."""

    x: float
    width: float
    place: int
    part: Part


def segments(parts: Sequence[Part]) -> list[Segment]:
    """Side by side, in their order; together as wide as the picture."""
    known = [(place, part) for place, part in enumerate(parts, 1) if part.value is not None]
    total = sum(part.value or 0.0 for _, part in known)
    spare = WIDTH - _LEAST * len(known)
    found: list[Segment] = []
    x = 0.0
    for place, part in known:
        share = (part.value or 0.0) / total if total else 1 / len(known)
        width = _LEAST + share * spare
        found.append(Segment(round(x, 1), round(width, 1), place, part))
        x += width
    return found
