"""The sample organisation in a database of its own: read from its APIs, told who is who, derived, and indexed."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from ovia_demo.answers import Answers, answers
from ovia_demo.organisation import generate
from ovia_demo.organisation.code_model import Organisation
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN
from ovia_local.postgres import EmbeddedPostgres
from ovia_metrics.facts.organisation import derive_facts
from ovia_rag.indexing.choosing import chosen_among
from ovia_rag.indexing.organisation import index
from ovia_rag.providers.choosing import Providers
from ovia_shared.admin import operations
from ovia_shared.config.providers import ProviderKeys
from ovia_shared.config.settings import load
from ovia_shared.database import migrate, prepare
from ovia_shared.database.pool import Database
from ovia_shared.models.token import Role
from tests.ingest.test_sample_kpis import _tell_who_is_who

SEED = 7
PEOPLE = int(os.environ.get("OVIA_EVAL_PEOPLE", "24"))
MONTHS = int(os.environ.get("OVIA_EVAL_MONTHS", "6"))
PASSWORD = "bench"
NAME = "Fernweh Gliders"

if TYPE_CHECKING:
    Admin: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Admin = asyncpg.Connection


class Sample(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What was made; `scopes` are our ids of its products and teams, by kind and theirs."""

    organisation: Organisation
    known: Answers
    database: Database
    providers: Providers
    org_id: UUID
    token_id: UUID
    scopes: dict[str, dict[str, UUID]]


@contextlib.asynccontextmanager
async def sample() -> AsyncIterator[Sample]:
    """Lives as long as the context."""
    organisation = generate(SEED, PEOPLE, MONTHS)
    known = answers(organisation)
    with tempfile.TemporaryDirectory(prefix="ovia-eval-") as name:
        directory = Path(name)
        os.chmod(directory, 0o711)  # noqa: PTH101 (as root, the server's account passes through)
        with EmbeddedPostgres(directory / "postgres") as server:
            await prepare.prepare_server(server.admin_dsn(), dict.fromkeys(prepare.LOGINS, PASSWORD))
            await prepare.prepare_database(server.admin_dsn(), "eval")
            roles = {
                role: prepare.as_role(server.admin_dsn("eval"), role, PASSWORD)
                for role in (prepare.OWNER, "ovia_ingest", "ovia_metrics", "ovia_rag")
            }
            await asyncio.to_thread(migrate.apply, roles[prepare.OWNER])
            org_id, token_id = await _made(roles[prepare.OWNER])
            await _read(organisation, roles["ovia_ingest"], directory)
            admin = await asyncpg.connect(server.admin_dsn("eval"))
            try:
                # In place of those that linking found: who is who is told as it truly is.
                await admin.execute("update mappings set known_to = now() where org_id = $1", org_id)
                await admin.execute("update people set deleted_at = now() where org_id = $1", org_id)
                scopes = await _tell_who_is_who(admin, org_id, organisation, known)
                await _spaces(admin, org_id, organisation, scopes["product"])
            finally:
                await admin.close()
            await _derived(roles["ovia_metrics"], org_id)
            async with (
                _opened(roles["ovia_rag"], 4) as database,
                _opened(roles["ovia_rag"], 2) as spending,
                Providers(load(ProviderKeys), spending) as providers,
            ):
                await index(database, roles["ovia_rag"], org_id, chosen_among(providers))
                yield Sample(
                    organisation=organisation, known=known, database=database, providers=providers,
                    org_id=org_id, token_id=token_id, scopes=scopes,
                )  # fmt: skip


@contextlib.asynccontextmanager
async def _opened(dsn: str, size: int) -> AsyncIterator[Database]:
    database = Database(dsn, size=size, statement_timeout=600, name="eval")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def _made(owner_dsn: str) -> tuple[UUID, UUID]:
    async with _opened(owner_dsn, 1) as database:
        made = await operations.create_organisation(database, NAME, actor="eval")
        token, _ = await operations.issue_token(database, made.id, name="eval", role=Role.VIEWER, actor="eval")
        return made.id, token.id


async def _read(organisation: Organisation, dsn: str, directory: Path) -> None:
    async with TestServer(create_app(organisation)) as server:
        base = str(server.make_url("")).rstrip("/")
        settings = {
            "PATH": os.environ["PATH"], "HOME": str(directory), "OVIA_DATABASE_URL": dsn,
            "OVIA_SECRETS_DIR": str(directory), "OVIA_CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "JIRA_BASE_URL": f"{base}/jira", "JIRA_EMAIL": "reader@fernweh.example", "JIRA_API_TOKEN": TOKEN,
            "GITLAB_BASE_URL": f"{base}/gitlab", "GITLAB_PRIVATE_TOKEN": TOKEN,
            "CONFLUENCE_BASE_URL": f"{base}/confluence", "CONFLUENCE_EMAIL": "reader@fernweh.example",
            "CONFLUENCE_API_TOKEN": TOKEN,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("ovia-ingest"), "run", "--organisation", NAME, "--sample",
            env=settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, err = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the sample could not be read: {err.decode()[-2000:]}")


async def _spaces(admin: Admin, org_id: UUID, organisation: Organisation, products: dict[str, Any]) -> None:
    """A product's space belongs to it too."""
    for product in organisation.products:
        await admin.execute(
            """
            insert into product_projects (org_id, product_id, connection_id, project_external_id)
            select $1, $2, connection_id, external_id from projects where org_id = $1 and key = $3
                on conflict do nothing
            """,
            org_id, products[product.key], product.space_key,
        )  # fmt: skip


async def _derived(dsn: str, org_id: UUID) -> None:
    async with _opened(dsn, 2) as database:
        if await derive_facts(database, org_id) is None:
            raise RuntimeError("somebody else derives facts of the sample")
