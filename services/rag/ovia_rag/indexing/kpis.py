"""What the catalogue says of KPIs, as sources like any other."""

import functools
import hashlib
from collections.abc import Mapping
from uuid import UUID

import msgspec

from ovia_shared.kpis.catalogue import CATALOGUE
from ovia_shared.kpis.describing import KpiDescription, describe
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import NO_CONNECTION, Part, PartKind, Source, SourceKey


@functools.cache
def sources() -> Mapping[str, Source]:
    """The description of each KPI by its name."""
    return {name: _source(describe(kpi)) for name, kpi in CATALOGUE.items()}


@functools.cache
def checksum() -> UUID:
    """Changes with any of them."""
    return UUID(bytes=hashlib.sha256(msgspec.json.encode(sources())).digest()[:16])


def _source(told: KpiDescription) -> Source:
    paragraphs = [told.question, told.definition, f"    {told.formula}", *(f"- {one}" for one in told.caveats)]
    return Source(
        key=SourceKey(SourceKind.KPI, NO_CONNECTION, told.name),
        title=told.title,
        version=str(told.version),
        parts=[Part(kind=PartKind.BODY, text="\n\n".join(paragraphs))],
    )
