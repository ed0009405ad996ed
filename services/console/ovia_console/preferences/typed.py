"""What people type into fields, as values."""

import math


def lines(text: str) -> list[str]:
    """One value a line, without empty ones and repetitions."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def number(text: str) -> float | int | None:
    """A number, a whole one where it is; with a comma as the point, as many write it. None if it is none."""
    try:
        value = float(text.strip().replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value
