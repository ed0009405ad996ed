"""What the list is narrowed to: read from the address, asked of the api, written into addresses."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from ovia_shared.errors import InvalidInput
from ovia_shared.models.mapping import MappingOrder, MappingStatus

PAGE = 25
TABS = ("conflicts", "mappings", "orphans")
# What every installation can read; others are offered once an account of theirs is in the queue.
SOURCES = ("gitlab", "jira", "confluence", "git_commit_author", "git_commit_committer")
_LONGEST = 200


class Filters(msgspec.Struct, frozen=True):
    """`low` and `high` are percent, as people write confidence; empty where nothing is narrowed."""

    tab: str = TABS[0]
    status: str = ""
    source: str = ""
    team: str = ""
    low: str = ""
    high: str = ""
    search: str = ""
    sort: str = MappingOrder.CONFIDENCE_ASC

    def asked(self) -> dict[str, Any]:
        """As the api is asked for the list, and for the file of it. Raises `InvalidInput`."""
        if self.tab == "orphans":
            return {"source": self.source, "search": self.search}
        return {
            "status": MappingStatus.CONFLICT.value if self.tab == "conflicts" else self.status,
            "source": self.source,
            "team_id": _id(self.team, "team"),
            "min_confidence": _share(self.low, "min"),
            "max_confidence": _share(self.high, "max"),
            "search": self.search,
            "sort": self.sort,
        }

    def shown(self) -> dict[str, str]:
        """As the address holds them: only what differs from the beginning."""
        values = {
            "tab": "" if self.tab == TABS[0] else self.tab,
            "status": self.status if self.tab == "mappings" else "",
            "source": self.source,
            "team": "" if self.tab == "orphans" else self.team,
            "min": "" if self.tab == "orphans" else self.low,
            "max": "" if self.tab == "orphans" else self.high,
            "search": self.search,
            "sort": "" if self.tab == "orphans" or self.sort == MappingOrder.CONFIDENCE_ASC else self.sort,
        }
        return {name: value for name, value in values.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out but by the tab."""
        return bool(self.shown().keys() - {"tab", "sort"})


def filters_of(request: Request[Any, Any, Any]) -> Filters:
    """As the address says; a word it does not know narrows nothing."""
    query = {name: value.strip()[:_LONGEST] for name, value in request.query_params.items()}
    status, sort = query.get("status", ""), query.get("sort", "")
    return Filters(
        tab=query["tab"] if query.get("tab") in TABS else TABS[0],
        status=status if status in [one.value for one in MappingStatus] else "",
        source=query.get("source", ""),
        team=query.get("team", ""),
        low=query.get("min", ""),
        high=query.get("max", ""),
        search=query.get("search", ""),
        sort=sort if sort in [one.value for one in MappingOrder] else MappingOrder.CONFIDENCE_ASC.value,
    )


def _share(percent: str, field: str) -> float | None:
    if not percent:
        return None
    try:
        share = float(percent.replace(",", ".")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidInput("a confidence is from 0 to 100 %", field=field)
    return round(share, 6)


def _id(text: str, field: str) -> str:
    if not text:
        return ""
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidInput("there is no such team", field=field) from None
