"""What an operator may do to an installation, each in one transaction together with its audit entry.

All of it needs the owner role: `database` is opened with the DSN of `ovia_owner`.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ovia_shared.admin.issuing import checked_expiry, checked_name, checked_person, checked_role, issue, revoke
from ovia_shared.database import audit_log, connections, tokens
from ovia_shared.database import organisations as organisation_rows
from ovia_shared.database.pool import Connection, Database
from ovia_shared.errors import Conflict, NotFound
from ovia_shared.models.organisation import Organisation
from ovia_shared.models.token import Role, Token
from ovia_shared.security.credentials import CredentialsVault


async def create_organisation(database: Database, name: str, *, actor: str, time_zone: str = "UTC") -> Organisation:
    """Makes an organisation. Raises `Conflict` if the name is taken, `InvalidInput` for a bad name or time zone."""
    name = checked_name(name)
    async with database.bare_transaction() as conn:
        made = await organisation_rows.create(conn, name, time_zone)
        await audit_log.record(
            conn,
            made.id,
            actor=actor,
            action="create",
            subject_kind="organisation",
            subject_id=made.id,
            detail={"name": name, "time_zone": time_zone},
        )
    return made


async def organisations(database: Database) -> list[Organisation]:
    """All organisations, by name."""
    async with database.bare_transaction() as conn:
        return await organisation_rows.everyone(conn)


async def find_organisation(database: Database, wanted: str) -> Organisation:
    """The organisation with this id or this exact name. Raises `NotFound`."""
    for organisation in await organisations(database):
        if wanted in (str(organisation.id), organisation.name):
            return organisation
    raise NotFound(f"there is no organisation {wanted}; `ovia admin organisations` lists them")


async def issue_token(
    database: Database,
    org_id: UUID,
    *,
    name: str,
    role: Role | str,
    actor: str,
    expires_at: datetime | None = None,
    person_id: UUID | None = None,
) -> tuple[Token, str]:
    """A new token, and its text, which is shown once and stored nowhere.

    Raises `InvalidInput` for a bad name, an unknown role or person, or a past expiry, `NotFound` for an unknown
    organisation.
    """
    name, role = checked_name(name), checked_role(role)
    checked_expiry(expires_at)
    async with database.transaction(org_id) as conn:
        await _must_exist(conn, org_id)
        await checked_person(conn, org_id, person_id)
        return await issue(conn, org_id, name=name, role=role, actor=actor, expires_at=expires_at, person_id=person_id)


async def list_tokens(database: Database, org_id: UUID) -> list[Token]:
    """All tokens of the organisation, oldest first, revoked and expired ones included."""
    async with database.transaction(org_id) as conn:
        await _must_exist(conn, org_id)
        return await tokens.everyone(conn, org_id)


async def find_token(database: Database, org_id: UUID, wanted: str) -> Token:
    """The token with this id, or the only usable one with this name. Raises `NotFound` or `Conflict`."""
    known = await list_tokens(database, org_id)
    by_id = [token for token in known if str(token.id) == wanted]
    now = datetime.now(UTC)
    found = by_id or [token for token in known if token.name == wanted and token.usable_at(now)]
    if not found:
        raise NotFound(f"there is no usable token {wanted}; `ovia admin tokens` lists them with their ids")
    if len(found) > 1:
        raise Conflict(f"{len(found)} usable tokens are named {wanted}; give the id of the one you mean")
    return found[0]


async def revoke_token(database: Database, org_id: UUID, token_id: UUID, *, actor: str) -> None:
    """Ends a token now. Ending one that has ended changes nothing. Raises `NotFound`."""
    async with database.transaction(org_id) as conn:
        token = await _locked(conn, org_id, token_id)
        if token.revoked_at is not None:
            return
        await revoke(conn, org_id, token, actor=actor)


async def rotate_token(
    database: Database,
    org_id: UUID,
    token_id: UUID,
    *,
    actor: str,
    overlap: timedelta = timedelta(0),
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """A successor with the same name and role; the old token works for `overlap` more.

    Without `expires_at` the successor lasts as long as the old one was issued for. Raises `NotFound`, and
    `Conflict` for a token that no longer works: what has ended is not prolonged, a new one is issued.
    """
    now = datetime.now(UTC)
    async with database.transaction(org_id) as conn:
        old = await _locked(conn, org_id, token_id)
        if not old.usable_at(now):
            raise Conflict(f"token {old.name} has been revoked or has expired; issue a new one instead")
        if expires_at is None and old.expires_at is not None:
            expires_at = now + (old.expires_at - old.created_at)
        if overlap > timedelta(0):
            await tokens.expire_within(conn, org_id, token_id, overlap)
        else:
            await tokens.revoke(conn, org_id, token_id)
        return await issue(
            conn,
            org_id,
            name=old.name,
            role=old.role,
            actor=actor,
            expires_at=expires_at,
            person_id=old.person_id,
            replaces=old.id,
        )


async def rotate_credentials(database: Database, vault: CredentialsVault, *, actor: str) -> dict[str, int]:
    """Seals every connection's credentials anew with the newest key. Returns how many, by organisation name.

    Each organisation is one transaction; running it again after a failure is safe.
    Raises `BadSettings` if a credential fits none of the keys.
    """
    resealed: dict[str, int] = {}
    for organisation in await organisations(database):
        async with database.transaction(organisation.id) as conn:
            count = await connections.reseal_all(conn, organisation.id, vault.reseal)
            if count:
                await audit_log.record(
                    conn,
                    organisation.id,
                    actor=actor,
                    action="rotate",
                    subject_kind="credentials",
                    detail={"connections": count},
                )
            resealed[organisation.name] = count
    return resealed


async def _must_exist(conn: Connection, org_id: UUID) -> None:
    if await organisation_rows.find(conn, org_id) is None:
        raise NotFound(f"there is no organisation {org_id}")


async def _locked(conn: Connection, org_id: UUID, token_id: UUID) -> Token:
    token = await tokens.lock(conn, org_id, token_id)
    if token is None:
        raise NotFound(f"there is no token {token_id} in this organisation")
    return token
