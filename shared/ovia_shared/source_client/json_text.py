"""Whether a body is JSON, and mending the one flaw in it that would cost a whole page."""

import re

import msgspec

# Two halves of a character; half a character; any other escape, so that `\\ud83d` is not taken for one.
_ESCAPE = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_UNKNOWN = rb"\ufffd"


def as_json(body: bytes) -> bytes | None:
    """The body if it is JSON, None if it is not.

    A text cut in the midst of a character holds half of it, which no decoder takes; it becomes U+FFFD. Otherwise one
    such title would keep the hundred records around it from being read, for ever.
    """
    if _is_json(body):
        return body
    if b"\\u" not in body:
        return None
    mended = _ESCAPE.sub(lambda found: _UNKNOWN if found[2] else found[0], body)
    return mended if mended != body and _is_json(mended) else None


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True
