"""What an entry of the catalogue is counted from, and therefore what can change it."""

from datetime import timedelta

from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.kpi import Count, Kpi, Rate, Rows, Spread
from ovia_shared.kpis.terms import Mapped


def sources(kpi: Kpi) -> list[Rows]:
    """The rows it is made of: its own, those of its inputs, and those it is held against."""
    named = [CATALOGUE[name].source for name in kpi.inputs]
    found = [one for one in named if isinstance(one, Rows)]
    beyond = [one.aggregate.beyond for one in found if isinstance(one.aggregate, Spread)]
    others = [CATALOGUE[one.kpi].source for one in beyond if one is not None]
    return found + [one for one in others if isinstance(one, Rows)]


def kinds(kpi: Kpi) -> list[str]:
    """The kinds of facts that can change its answers, in order of name."""
    presence = {one.aggregate.presence for one in sources(kpi) if isinstance(one.aggregate, Count | Rate)}
    return sorted(presence | {one.kind for one in sources(kpi)})


def reach(kpi: Kpi) -> timedelta:
    """How long before a window facts may lie that its answer is held against."""
    beyond = [one.aggregate.beyond for one in sources(kpi) if isinstance(one.aggregate, Spread)]
    return timedelta(days=max((one.days for one in beyond if one is not None), default=0))


def counts(kpi: Kpi) -> bool:
    """Whether something of it is counted, so that unknown may become 0 with the first thing ever."""
    return any(isinstance(one.aggregate, Count | Rate) for one in sources(kpi))


def about_accounts(kpi: Kpi) -> bool:
    """Whether it tells of mappings themselves, whatever the scope."""
    return any(isinstance(one.number, Mapped) for one in sources(kpi))
