"""Whose numbers somebody may be told, and whether rows may say whose they are. Every route about numbers asks here."""

from ovia_shared.database.kpis import scopes
from ovia_shared.database.kpis.measuring import Basis
from ovia_shared.database.pool import Connection
from ovia_shared.errors import NotAllowed
from ovia_shared.models.caller import Caller
from ovia_shared.models.kpi import Scope, ScopeKind, Window
from ovia_shared.models.token import Role


def scope_of(caller: Caller, kind: ScopeKind, scope_id: str) -> Scope:
    """A scope this caller may ask about. Raises `NotAllowed`; the database says whether it is there."""
    if kind is ScopeKind.PERSON and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed(f"numbers of one person need the role {Role.MANAGER}; the token is a {caller.role}")
    return Scope(kind, scope_id)


async def may_name(conn: Connection, caller: Caller, basis: Basis, window: Window) -> bool:
    """Whether rows may tell whose they are: not those of a group so small that they would tell one from another.

    Raises `NotAllowed` for a team of one: its numbers are that person's.
    """
    members = await scopes.members(conn, caller.org_id, basis.scope, window)
    if members == 1 and not caller.role.reaches(Role.MANAGER):
        raise NotAllowed(f"this team is one person, whose numbers need the role {Role.MANAGER}")
    return members is None or members >= basis.settings.privacy.minimum_group
