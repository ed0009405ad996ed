"""Every KPI there is. Adding one is adding an entry here, and a derivation if no fact tells it yet."""

from collections.abc import Mapping
from types import MappingProxyType

from ovia_shared.kpis.catalogue import composite, delivery, identity, merge_requests, sprints, work_items
from ovia_shared.kpis.kpi import Kpi

CATALOGUE: Mapping[str, Kpi] = MappingProxyType(
    {
        one.name: one
        for family in (composite, merge_requests, work_items, sprints, delivery, identity)
        for one in family.KPIS
    }
)
