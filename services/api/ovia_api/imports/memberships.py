"""Teams and memberships that an import leads to: planned in memory first, then written at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ovia_api.teams.writing import overlap
from ovia_shared.database import imports, team_memberships
from ovia_shared.database.ids import new_id
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput
from ovia_shared.models.imports import LineOutcome
from ovia_shared.models.team import MembershipRow

Path = tuple[str, ...]


def path_of(text: str) -> Path:
    """`Engineering / Wings` as names. Raises `InvalidInput`."""
    names = tuple(name.strip() for name in text.split("/"))
    if not all(names):
        raise InvalidInput(f"team {text[:80]!r} has an empty name in its path; write it as Engineering / Wings")
    if any(len(name) > 200 for name in names) or len(names) > 50:
        raise InvalidInput("a team's name has 200 characters at most, and a path 50 names")
    return names


class MembershipPlan:
    """The teams there are and shall be, and people's memberships in them."""

    def __init__(self, paths: dict[Path, UUID], known: Sequence[MembershipRow]) -> None:
        self._paths = dict(paths)
        self._rows: dict[UUID, list[MembershipRow]] = {}
        for row in known:
            self._rows.setdefault(row.person_id, []).append(row)
        self.teams: list[tuple[UUID, UUID | None, str]] = []
        self.close: list[UUID] = []
        self.add: list[MembershipRow] = []

    def team(self, path: Path) -> tuple[UUID, bool]:
        """The team of that path, which is made with those above it if there is none; whether it was."""
        known = self._paths.get(path)
        if known is not None:
            return known, False
        above = self.team(path[:-1])[0] if len(path) > 1 else None
        made = self._paths[path] = new_id()
        self.teams.append((made, above, path[-1]))
        return made, True

    def member(
        self, person_id: UUID, team_id: UUID, role: str | None, start: datetime, end: datetime | None
    ) -> LineOutcome:
        """Somebody is or was in a team. A time that begins as a known one does corrects it.

        Raises `InvalidInput` for one that overlaps another.
        """
        rows = self._rows.setdefault(person_id, [])
        same = next((row for row in rows if row.team_id == team_id and row.valid_from == start), None)
        for row in rows:
            if row is not same and row.team_id == team_id and row.overlaps(start, end):
                raise InvalidInput(overlap(row))
        wanted = MembershipRow(new_id(), team_id, person_id, role, start, end)
        if same is not None:
            if msgspec.structs.replace(wanted, id=same.id) == same:
                return LineOutcome.IGNORE
            rows.remove(same)
            if same in self.add:
                self.add.remove(same)
            else:
                self.close.append(same.id)
        rows.append(wanted)
        self.add.append(wanted)
        return LineOutcome.CREATE if same is None else LineOutcome.UPDATE

    def lasting(self, person_id: UUID, team_id: UUID, at: datetime) -> MembershipRow | None:
        """The membership that holds at a moment, or begins later."""
        found = [row for row in self._rows.get(person_id, []) if row.team_id == team_id]
        return next((row for row in found if row.valid_to is None or row.valid_to > at), None)

    async def write(self, conn: Connection, org_id: UUID, at: datetime) -> None:
        """Carries the plan out."""
        await imports.add_teams(conn, org_id, self.teams)
        await team_memberships.close(conn, org_id, self.close, at)
        await team_memberships.add(conn, org_id, self.add, at)
