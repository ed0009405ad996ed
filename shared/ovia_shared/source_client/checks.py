"""The check of a connection before it is kept: a few quick requests that say exactly what is wrong."""

import asyncio
import contextlib

import msgspec

from ovia_shared.errors import InvalidInput, SourceError, SourceRefused
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import Deployment, SourceCredentials, SourceSettings
from ovia_shared.source_client.client import SourceClient
from ovia_shared.source_client.credentials import authorization
from ovia_shared.source_client.faults import NoAnswer
from ovia_shared.source_client.products import PRODUCTS, Product, Server, WrongPlace, better_address

LONGEST_CHECK = 15.0
LONGEST_STEP = 5.0
MOST_SCOPES = 50

_SCOPES = {
    ConnectionKind.JIRA: "project",
    ConnectionKind.GITLAB: "group or project",
    ConnectionKind.CONFLUENCE: "space",
}
_PRODUCT_NAMES = {Deployment.CLOUD: "Cloud", Deployment.DATA_CENTER: "Data Center"}


class Finding(msgspec.Struct, frozen=True):
    """One step of a check: address, dns, connect, tls, reach, authentication, permission or scopes."""

    step: str
    ok: bool
    message: str


class ConnectionReport(msgspec.Struct, frozen=True):
    """What a check found, step by step, up to the first step that failed. `account` is whose credentials these are."""

    ok: bool
    deployment: Deployment | None
    server_version: str | None
    account: str | None
    findings: tuple[Finding, ...]


class _Stopped(Exception):
    """A step failed; those after it cannot be tried."""


class _Check:
    """One check under way."""

    def __init__(self, kind: ConnectionKind, settings: SourceSettings) -> None:
        self.product: Product = PRODUCTS[kind]
        self.scope_noun = _SCOPES[kind]
        self.settings = settings
        self.server: Server | None = None
        self.account: str | None = None
        self.findings: list[Finding] = []
        self.step = "reach"

    def passed(self, step: str, message: str) -> None:
        self.findings.append(Finding(step, ok=True, message=message))

    def failed(self, step: str, message: str) -> _Stopped:
        self.findings.append(Finding(step, ok=False, message=message))
        return _Stopped()

    def report(self) -> ConnectionReport:
        return ConnectionReport(
            ok=all(finding.ok for finding in self.findings),
            deployment=self.server.deployment if self.server else None,
            server_version=self.server.version if self.server else None,
            account=self.account,
            findings=tuple(self.findings),
        )

    async def run(self, client: SourceClient) -> None:
        try:
            self.server = await self.reach(client)
            self.step = "authentication"
            await self.authenticate(client, self.server)
            self.step = "scopes" if self.settings.scopes else "permission"
            await self.look_around(client, self.server)
        except SourceRefused as error:
            step = {401: "authentication", 403: "permission"}.get(error.status, self.step)
            raise self.failed(step, error.message) from None
        except SourceError as error:
            raise self.failed(self.step, error.message) from None

    async def reach(self, client: SourceClient) -> Server:
        title = self.product.title
        try:
            server = await self.product.server(client, self.settings.deployment)
        except NoAnswer as error:
            self.connected(client, error.step)
            raise self.failed(error.step, error.message) from None
        except WrongPlace as error:
            self.connected(client)
            better = error.better or await better_address(client, self.product)
            raise self.failed("reach", WrongPlace(error.finding, better=better).message) from None
        except SourceRefused:
            self.connected(client)
            self.passed("reach", f"{client.base} answers")
            raise
        except SourceError:
            self.connected(client)
            raise
        self.connected(client)
        if self.settings.deployment not in (Deployment.AUTO, server.deployment):
            wanted, answering = (_PRODUCT_NAMES[one] for one in (self.settings.deployment, server.deployment))
            raise self.failed(
                "reach", f"the deployment is set to {wanted}, and {title} {answering} answers; set it to auto"
            )
        self.passed("reach", f"{title} answers" if server.version is None else f"{title} {server.version} answers")
        return server

    def connected(self, client: SourceClient, failing: str = "reach") -> None:
        """Notes what worked below HTTP before the failing step."""
        base = client.base
        steps = {"dns": f"{base.host} is known", "connect": f"{base.host}:{base.port} takes connections"}
        if client.proxied:
            # The proxy looks names up and connects.
            steps = {"connect": "the proxy takes connections"}
        if base.scheme == "https":
            steps["tls"] = "the certificate is trusted"
        if failing == "address":
            self.findings.clear()
            return
        for step, message in steps.items():
            if step == failing:
                return
            self.passed(step, message)

    async def authenticate(self, client: SourceClient, server: Server) -> None:
        self.account = await self.product.account(client, server)
        if self.account is None:
            raise self.failed(
                "authentication",
                f"{self.product.title} answers as it would answer nobody: the credentials are missing, wrong or "
                "expired, or the account is blocked",
            )
        self.passed("authentication", f"read as {self.account}")

    async def look_around(self, client: SourceClient, server: Server) -> None:
        scopes = self.settings.scopes[:MOST_SCOPES]
        if not scopes:
            try:
                any_seen = await self.product.sees_any(client, server)
            except SourceRefused as error:
                if error.status != 404:
                    raise
                # Some versions have no such list, and that says nothing about the account.
                any_seen = True
            if not any_seen:
                raise self.failed("permission", f"this account sees no {self.scope_noun}; grant it some")
            self.passed("permission", "the account may read")
            return
        looks = (self.product.sees(client, server, scope) for scope in scopes)
        seen = await asyncio.gather(*looks, return_exceptions=True)
        for scope, visible in zip(scopes, seen, strict=True):
            if isinstance(visible, BaseException):
                raise visible
            if not visible:
                self.failed(
                    "scopes",
                    f"the {self.scope_noun} {scope} does not exist, or this account may not see it",
                )
        if all(seen):
            rest = len(self.settings.scopes) - len(scopes)
            left = f"; {rest} more were not looked at" if rest else ""
            self.passed("scopes", f"all of {', '.join(scopes)} can be seen{left}")


async def check(
    kind: ConnectionKind, base_url: str, settings: SourceSettings, credentials: SourceCredentials | None
) -> ConnectionReport:
    """What is right and wrong with a connection. Takes 15 seconds at most and tries nothing twice.

    Raises `InvalidInput` for git, which has no API to ask.
    """
    if kind not in PRODUCTS:
        raise InvalidInput("a git repository has no API to check; its address is tried when it is read", field="kind")
    trial = _Check(kind, settings)
    # Of the pace nothing is taken over: a source that allows one request a minute could not be checked.
    quick = msgspec.structs.replace(
        settings, max_tries=1, timeout_seconds=min(settings.timeout_seconds, LONGEST_STEP), requests_per_second=None
    )
    with contextlib.suppress(_Stopped):
        try:
            headers = authorization(kind, settings.deployment, credentials)
            client = SourceClient(base_url, quick, headers, name=trial.product.title)
            trial.passed("address", "the base URL is well formed")
            async with asyncio.timeout(LONGEST_CHECK), client:
                await trial.run(client)
        except InvalidInput as error:
            trial.failed(_step_of(error), error.message)
        except TimeoutError:
            trial.failed(trial.step, f"no answer to everything within {LONGEST_CHECK:g} s")
    return trial.report()


def _step_of(error: InvalidInput) -> str:
    if (error.field or "").startswith("credentials"):
        return "authentication"
    return {"ca_file": "tls", "proxy": "connect"}.get(error.field or "", "address")


async def detect_deployment(kind: ConnectionKind, client: SourceClient) -> Deployment:
    """Which product answers; never `auto`. Raises `SourceError`."""
    product = PRODUCTS.get(kind)
    if product is None:
        return Deployment.DATA_CENTER
    return (await product.server(client, Deployment.AUTO)).deployment
