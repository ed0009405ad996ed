"""How a source is reached: the settings of a connection and the secrets that go with them."""

from enum import StrEnum
from typing import Annotated

import msgspec


class Deployment(StrEnum):
    """Which product answers: `auto` asks the source itself. GitLab knows no difference."""

    AUTO = "auto"
    CLOUD = "cloud"
    DATA_CENTER = "data_center"


ScopeName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is stored, readable, with a connection.

    `scopes` narrows reading to these Jira project keys, GitLab group or project paths, or Confluence space keys;
    empty means all that the account may see. `window_days` is the width of the windows the first read goes back in;
    everything is read whatever it is. `max_tries` counts the first. `requests_per_second` paces below what the source
    allows. `sample` marks generated data.
    """

    deployment: Deployment = Deployment.AUTO
    scopes: tuple[ScopeName, ...] = ()
    window_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 90
    max_tries: Annotated[int, msgspec.Meta(ge=1, le=20)] = 6
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    requests_per_second: Annotated[float, msgspec.Meta(gt=0, le=1000)] | None = None
    ca_file: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
    proxy: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
    allow_link_local: bool = False
    sample: bool = False


class SourceCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves who reads; stored sealed, as JSON.

    With `user` (an Atlassian e-mail address) it is basic authentication, without it a bearer token; GitLab takes the
    token as `PRIVATE-TOKEN`.
    """

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=320)] | None = None

    def __repr__(self) -> str:
        return "SourceCredentials(***)"
