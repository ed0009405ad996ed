"""How each product tells what it is, who we are and what we may see."""

import contextlib
from collections.abc import Sequence
from typing import Protocol, TypeVar
from urllib.parse import quote

import msgspec

from ovia_shared.errors import SourceError, SourceFault, SourceRefused
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.faults import NotJson

T = TypeVar("T")

_ABSENT = (404, 405, 410)
_CLOUD_HOSTS = (".atlassian.net", ".atlassian.com", ".jira.com")


class WrongPlace(SourceError):
    """Something answers, and it is not this product's API. `better` is a base URL that would do, if known."""

    def __init__(self, message: str, *, fault: SourceFault = SourceFault.FATAL, better: str | None = None) -> None:
        advice = f"set the base URL to {better}" if better else "check the base URL"
        super().__init__(f"{message}; {advice}", fault=fault)
        self.finding = message
        self.better = better


class Server(msgspec.Struct, frozen=True):
    """What answers: `root` is where its API begins, below the base URL."""

    deployment: Deployment
    root: str
    version: str | None = None
    account: str | None = None


class Product(Protocol):
    """One kind of source. `title` is its name, `folder` the context path it is often installed below.

    `sign` is a path that no other product answers.
    """

    title: str
    folder: str
    sign: str

    async def server(self, client: SourceClient, wanted: Deployment) -> Server:
        """What answers below the base URL. Raises `WrongPlace`, or `SourceError`."""

    async def account(self, client: SourceClient, server: Server) -> str | None:
        """Whose credentials these are; None where the source takes us for nobody."""

    async def sees(self, client: SourceClient, server: Server, scope: str) -> bool:
        """Whether the account may see this project, group or space."""

    async def sees_any(self, client: SourceClient, server: Server) -> bool:
        """Whether the account may see any of them."""


async def _found(client: SourceClient, title: str, paths: Sequence[str], kind: type[T]) -> tuple[str, T]:
    """The first of the paths that answers as this product does, and its answer. Raises `WrongPlace` if none does."""
    fault = SourceFault.FATAL
    for path in paths:
        try:
            answer = await client.get(path)
        except SourceRefused as error:
            if error.status not in _ABSENT:
                raise
            continue
        except NotJson:
            # A page that says "back soon" looks the same as somebody else's home page.
            fault = SourceFault.RETRIABLE
            continue
        with contextlib.suppress(SourceError):
            return path, answer.decode(kind)
    raise WrongPlace(f"nothing like {title} answers below {client.base}", fault=fault)


async def _visible(client: SourceClient, path: str) -> bool:
    try:
        await client.get(path)
    except SourceRefused as error:
        if error.status in (403, 404):
            return False
        raise
    return True


class _JiraServer(msgspec.Struct):
    baseUrl: str  # noqa: N815 (Jira's spelling)
    version: str | None = None
    deploymentType: str | None = None  # noqa: N815


class _JiraUser(msgspec.Struct):
    accountId: str | None = None  # noqa: N815
    name: str | None = None
    displayName: str | None = None  # noqa: N815


class _JiraProjects(msgspec.Struct):
    values: list[msgspec.Raw]


class Jira:
    """Jira Cloud (API version 3) and Data Center (2)."""

    title = "Jira"
    folder = "jira"
    sign = "/rest/api/2/serverInfo"

    async def server(self, client: SourceClient, wanted: Deployment) -> Server:
        """Data Center has no version 3; Cloud has both."""
        versions = ("2", "3") if wanted is Deployment.DATA_CENTER else ("3", "2")
        path, found = await _found(client, self.title, [f"/rest/api/{v}/serverInfo" for v in versions], _JiraServer)
        cloud = path.startswith("/rest/api/3") if found.deploymentType is None else found.deploymentType == "Cloud"
        deployment = Deployment.CLOUD if cloud else Deployment.DATA_CENTER
        return Server(deployment, "/rest/api/3" if cloud else "/rest/api/2", found.version)

    async def account(self, client: SourceClient, server: Server) -> str | None:
        """Jira has views for nobody, and gives them with a 200."""
        answer = await client.get(f"{server.root}/myself")
        user = answer.decode(_JiraUser)
        nobody = (answer.header("X-AUSERNAME") or "").lower() == "anonymous" or not (user.accountId or user.name)
        return None if nobody else user.displayName or user.name or user.accountId

    async def sees(self, client: SourceClient, server: Server, scope: str) -> bool:
        """The scope is a project key."""
        return await _visible(client, f"{server.root}/project/{quote(scope, safe='')}")

    async def sees_any(self, client: SourceClient, server: Server) -> bool:
        """Data Center has no short list of projects, so there it is taken for granted."""
        if server.deployment is Deployment.DATA_CENTER:
            return True
        answer = await client.get(f"{server.root}/project/search", {"maxResults": 1})
        return bool(answer.decode(_JiraProjects).values)


class _GitLabServer(msgspec.Struct):
    version: str


class _GitLabUser(msgspec.Struct):
    username: str
    state: str = "active"


class GitLab:
    """GitLab, which is the same product wherever it runs."""

    title = "GitLab"
    folder = "gitlab"
    sign = "/api/v4/version"

    async def server(self, client: SourceClient, wanted: Deployment) -> Server:
        """It is what it was said to be; if nothing was said, GitLab.com counts as Cloud."""
        _, found = await _found(client, self.title, [self.sign], _GitLabServer)
        if wanted is Deployment.AUTO:
            wanted = Deployment.CLOUD if client.base.host == "gitlab.com" else Deployment.DATA_CENTER
        return Server(wanted, "/api/v4", found.version)

    async def account(self, client: SourceClient, server: Server) -> str | None:
        """A blocked account's token may still be answered."""
        user = (await client.get(f"{server.root}/user")).decode(_GitLabUser)
        return user.username if user.state == "active" else None

    async def sees(self, client: SourceClient, server: Server, scope: str) -> bool:
        """The scope is the path of a group or a project."""
        path = quote(scope.strip("/"), safe="")
        return await _visible(client, f"{server.root}/groups/{path}") or await _visible(
            client, f"{server.root}/projects/{path}"
        )

    async def sees_any(self, client: SourceClient, server: Server) -> bool:
        """Membership counts: everybody may see public projects, which are not ours to read."""
        answer = await client.get(f"{server.root}/projects", {"membership": True, "simple": True, "per_page": 1})
        return bool(answer.decode(list[msgspec.Raw]))


class _ConfluenceUser(msgspec.Struct):
    type: str
    accountId: str | None = None  # noqa: N815 (Confluence's spelling)
    username: str | None = None
    userKey: str | None = None  # noqa: N815
    displayName: str | None = None  # noqa: N815


class _ConfluenceSpaces(msgspec.Struct):
    results: list[msgspec.Raw]


class Confluence:
    """Confluence Cloud, below /wiki, and Data Center."""

    title = "Confluence"
    folder = "confluence"
    sign = "/rest/api/user/current"

    async def server(self, client: SourceClient, wanted: Deployment) -> Server:
        """The user's own record tells the products apart: Cloud has account ids."""
        roots = [""] if client.base.path.endswith("/wiki") else ["", "/wiki"]
        if wanted is Deployment.CLOUD or (client.base.host or "").endswith(_CLOUD_HOSTS):
            roots.reverse()
        path, user = await _found(client, self.title, [f"{root}{self.sign}" for root in roots], _ConfluenceUser)
        root = path.removesuffix(self.sign)
        data_center = bool(user.username or user.userKey)
        if data_center and root:
            raise WrongPlace(
                f"Confluence Data Center answers below {root}, not at {client.base}", better=f"{client.base}{root}"
            )
        cloud = not data_center and (user.accountId is not None or bool(root) or wanted is Deployment.CLOUD)
        account = None if user.type == "anonymous" else user.displayName or user.username or user.accountId
        return Server(Deployment.CLOUD if cloud else Deployment.DATA_CENTER, root, account=account)

    async def account(self, client: SourceClient, server: Server) -> str | None:  # noqa: ARG002 (told already)
        """Known since the first answer."""
        return server.account

    async def sees(self, client: SourceClient, server: Server, scope: str) -> bool:
        """The scope is a space key."""
        if server.deployment is Deployment.DATA_CENTER:
            return await _visible(client, f"{server.root}/rest/api/space/{quote(scope, safe='')}")
        answer = await client.get(f"{server.root}/api/v2/spaces", {"keys": scope, "limit": 1})
        return bool(answer.decode(_ConfluenceSpaces).results)

    async def sees_any(self, client: SourceClient, server: Server) -> bool:
        """One space is enough."""
        path = "/rest/api/space" if server.deployment is Deployment.DATA_CENTER else "/api/v2/spaces"
        answer = await client.get(f"{server.root}{path}", {"limit": 1})
        return bool(answer.decode(_ConfluenceSpaces).results)


PRODUCTS: dict[ConnectionKind, Product] = {
    ConnectionKind.JIRA: Jira(),
    ConnectionKind.GITLAB: GitLab(),
    ConnectionKind.CONFLUENCE: Confluence(),
}


async def better_address(client: SourceClient, product: Product) -> str | None:
    """A base URL on the same host at which the product does answer: above the given one, or in its usual folder."""
    above = [client.base]
    while above[-1].parent != above[-1] and len(above) < 6:
        above.append(above[-1].parent)
    for place in [*reversed(above[1:]), client.base / product.folder]:
        address = str(place).rstrip("/")
        try:
            await client.get(f"{address}{product.sign}")
        except SourceRefused as error:
            if error.status != 401:
                continue
        except SourceError:
            continue
        return address
    return None
