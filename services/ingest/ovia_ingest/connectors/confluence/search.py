"""What CQL finds, as the ids of the documents it is about."""

import msgspec

from ovia_ingest.connectors.confluence.api import Confluence, glimpse
from ovia_ingest.connectors.confluence.documents import Changed


class _Container(msgspec.Struct):
    id: str | int | None = None
    type: str | None = None


class _Result(msgspec.Struct):
    id: str | int | None = None
    container: _Container | None = None


async def edited(confluence: Confluence, cql: str) -> Changed:
    """The documents a query finds."""
    found = Changed(set(), False)
    async for page in confluence.search(cql, "version"):
        results = (glimpse(raw, _Result) for raw in page.items)
        found.ids.update(str(result.id) for result in results if result.id is not None)
        found.paged = found.paged or page.place is not None
    return found


async def commented(confluence: Confluence, cql: str, kind: str) -> Changed:
    """The documents of this kind whose comments a query finds."""
    found = Changed(set(), False)
    async for page in confluence.search(cql, "container"):
        containers = (glimpse(raw, _Result).container for raw in page.items)
        found.ids.update(
            str(container.id)
            for container in containers
            if container is not None and container.id is not None and container.type == kind
        )
        found.paged = found.paged or page.place is not None
    return found
