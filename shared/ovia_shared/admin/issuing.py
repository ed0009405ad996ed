"""Access tokens made and ended, in the transaction of whoever decided it, with an entry of the audit log."""

from datetime import UTC, datetime
from uuid import UUID

from ovia_shared.database import audit_log, people_rows, tokens
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.token import Role, Token
from ovia_shared.security.tokens import make

LONGEST_NAME = 200


async def issue(
    conn: Connection,
    org_id: UUID,
    *,
    name: str,
    role: Role,
    actor: str,
    expires_at: datetime | None,
    person_id: UUID | None = None,
    replaces: UUID | None = None,
    request_id: str | None = None,
) -> tuple[Token, str]:
    """A new token, and its text, which is shown once and stored nowhere. All it is given is checked before."""
    token_id = new_id()
    text, secret_hash = make(org_id, token_id)
    token = await tokens.add(
        conn,
        org_id,
        token_id,
        name=name,
        role=role,
        secret_hash=secret_hash,
        created_by=actor,
        expires_at=expires_at,
        person_id=person_id,
    )
    await audit_log.record(
        conn,
        org_id,
        actor=actor,
        action="issue" if replaces is None else "rotate",
        subject_kind="token",
        subject_id=token_id,
        detail={
            "name": name,
            "role": role,
            "expires_at": expires_at,
            "replaces": replaces,
            **({} if person_id is None else {"person_id": person_id}),
        },
        request_id=request_id,
    )
    return token, text


async def revoke(conn: Connection, org_id: UUID, token: Token, *, actor: str, request_id: str | None = None) -> None:
    """Ends a token now."""
    await tokens.revoke(conn, org_id, token.id)
    await audit_log.record(
        conn,
        org_id,
        actor=actor,
        action="revoke",
        subject_kind="token",
        subject_id=token.id,
        detail={"name": token.name},
        request_id=request_id,
    )


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises `InvalidInput`."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"a name has 1 to {LONGEST_NAME} printable characters", field="name")
    return name


def checked_role(role: Role | str) -> Role:
    """The role. Raises `InvalidInput` for what is none."""
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(Role)
        raise InvalidInput(f"{role} is no role; known are {known}", field="role") from None


def checked_expiry(expires_at: datetime | None) -> None:
    """Raises `InvalidInput` for a moment that is over."""
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidInput("the token would be expired from the start", field="expires_at")


async def checked_person(conn: Connection, org_id: UUID, person_id: UUID | None) -> None:
    """Raises `InvalidInput` for somebody who is not there, or is no longer."""
    if person_id is None:
        return
    person = await people_rows.find(conn, org_id, person_id)
    if person is None or person.deleted_at is not None:
        raise InvalidInput(f"there is no person {person_id}", field="person_id")
