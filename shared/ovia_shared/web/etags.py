"""ETag and If-Match: a change names the version it was made to, and is refused if there is another by now."""

import re
from typing import Annotated

from litestar.datastructures import ResponseHeader
from litestar.params import HeaderParameter

from ovia_shared.errors import ConditionMissing, MalformedInput, Stale

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        max_length=1000,
        description='The ETag of the version this change was made to, such as `"3"`; `*` for whatever there is.',
    ),
]
# `response_headers` of operations that answer with an ETag.
# The value tells its type alone.
ETAG = [ResponseHeader(name="ETag", value='"1"', description="The version, for If-Match.", documentation_only=True)]

# A gateway that compresses an answer makes its ETag weak or adds the encoding to it.
_TAG = re.compile(r'(?:W/)?"(\d{1,18})(?:-[a-z0-9]+)?"')


def etag(version: int) -> dict[str, str]:
    """The header of an answer that shows this version."""
    return {"ETag": f'"{version}"'}


def require_match(condition: str | None, version: int) -> None:
    """Raises `ConditionMissing` without a condition, `MalformedInput` for one that cannot be read, and `Stale` if it
    does not name this version."""
    if condition is None or not condition.strip():
        raise ConditionMissing("say which version you change: send If-Match with the ETag you were given")
    if condition.strip() == "*":
        return
    named = [_TAG.fullmatch(one.strip()) for one in condition.split(",")]
    if None in named:
        raise MalformedInput("If-Match must be an ETag this service gave", field="If-Match")
    if version not in {int(one[1]) for one in named if one is not None}:
        raise Stale("this was changed since you read it; read it again, and change what you find")
