"""Connections given by the environment: `JIRA_*`, `GITLAB_*` and `CONFLUENCE_*`, or secret files of the same names.

A connection is set when its base URL is. A set one with a bad or missing value stops the process, naming the variable.
"""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ovia_shared.config.settings import load


def _parts(value: Any) -> Any:
    """`A, B` as a tuple. An empty part is a slip of the pen, and reading everything instead would be a surprise."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return ()
    parts = tuple(part.strip() for part in value.split(","))
    if "" in parts:
        raise ValueError("has an empty entry between its commas")
    return parts


def _upper(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.upper() for part in parts)


def _http(url: str) -> str:
    url = url.strip()
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("has to begin with https:// or http://")
    return url.rstrip("/")


def _open_proxy(url: str | None) -> str | None:
    if url is not None and "@" in url:
        raise ValueError("holds a password, and settings of connections can be read; set HTTP_PROXY instead")
    return url


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
Keys = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts), AfterValidator(_upper)]


class SourceEnvironment(BaseSettings):
    """What every source can be told. Times in seconds; `max_retries` are those after the first try."""

    base_url: Annotated[str, AfterValidator(_http)] = ""
    sync_window_days: int = Field(90, ge=1, le=3650)
    max_retries: int = Field(5, ge=0, le=19)
    timeout_secs: float = Field(30.0, gt=0, le=600)
    requests_per_second: float | None = Field(None, gt=0, le=1000)
    deployment: str = Field("auto", pattern="^(auto|cloud|data_center)$")
    ca_file: str | None = None
    proxy: Annotated[str | None, AfterValidator(_open_proxy)] = None
    allow_link_local: bool = False


Found = TypeVar("Found", bound=SourceEnvironment)


class JiraEnvironment(SourceEnvironment):
    """`JIRA_*`. With an e-mail address the token is one of Cloud, without one a personal token of Data Center."""

    model_config = SettingsConfigDict(env_prefix="JIRA_", extra="ignore")

    email: str | None = None
    api_token: SecretStr | None = None
    project_keys: Keys = ()

    @model_validator(mode="after")
    def _complete(self) -> "JiraEnvironment":
        if self.base_url and self.api_token is None:
            raise ValueError("JIRA_API_TOKEN is missing while JIRA_BASE_URL is set")
        return self


class GitlabEnvironment(SourceEnvironment):
    """`GITLAB_*`."""

    model_config = SettingsConfigDict(env_prefix="GITLAB_", extra="ignore")

    private_token: SecretStr | None = None
    projects: Names = ()

    @model_validator(mode="after")
    def _complete(self) -> "GitlabEnvironment":
        if self.base_url and self.private_token is None:
            raise ValueError("GITLAB_PRIVATE_TOKEN is missing while GITLAB_BASE_URL is set")
        return self


class ConfluenceEnvironment(SourceEnvironment):
    """`CONFLUENCE_*`; e-mail and token as for Jira."""

    model_config = SettingsConfigDict(env_prefix="CONFLUENCE_", extra="ignore")

    email: str | None = None
    api_token: SecretStr | None = None
    space_keys: Names = ()

    @model_validator(mode="after")
    def _complete(self) -> "ConfluenceEnvironment":
        if self.base_url and self.api_token is None:
            raise ValueError("CONFLUENCE_API_TOKEN is missing while CONFLUENCE_BASE_URL is set")
        return self


def jira() -> JiraEnvironment | None:
    """The Jira of the environment, or None. Raises `BadSettings`."""
    return _set(load(JiraEnvironment))


def gitlab() -> GitlabEnvironment | None:
    """The GitLab of the environment, or None. Raises `BadSettings`."""
    return _set(load(GitlabEnvironment))


def confluence() -> ConfluenceEnvironment | None:
    """The Confluence of the environment, or None. Raises `BadSettings`."""
    return _set(load(ConfluenceEnvironment))


def _set(found: Found) -> Found | None:
    return found if found.base_url else None
