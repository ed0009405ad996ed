"""Confluence as a connector: its streams, and what each is made of."""

from ovia_ingest.connectors.confluence import definitions, listings, normalise
from ovia_ingest.connectors.confluence.api import Confluence
from ovia_ingest.connectors.confluence.cloud import CloudLibrary
from ovia_ingest.connectors.confluence.data_center import DataCenterLibrary
from ovia_ingest.connectors.confluence.documents import DocumentsReading
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Reading, Shape
from ovia_shared.models.canonical.documents import Document, DocumentVersion
from ovia_shared.models.canonical.projects import Project
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import Comment
from ovia_shared.source_client.client import SourceClient

_KINDS = {"pages": "page", "blogposts": "blogpost"}
_PARTS = ((DocumentVersion, None), (Comment, "document"), (Reference, "document"))


class ConfluenceConnector:
    """Implements `sources.connector.Connector`."""

    root_streams = ("users", "spaces")
    needed_first = ("spaces",)
    project_streams = ("pages", "blogposts")

    def shape(self, stream: str, context: Context) -> Shape:
        source, version = definitions.SOURCE, definitions.VERSION
        if stream == "users":
            return Shape("users", version, definitions.users(context), source, lost="nothing")
        if stream == "spaces":
            return Shape("spaces", version, definitions.spaces(context), source, Project, lost="access_lost")
        kind = _KINDS[stream]
        return Shape(
            stream,
            normalise.VERSION,
            normalise.documents(kind, context),
            source,
            Document,
            _PARTS,
            only=("kind", kind),
        )

    def reading(self, stream: str, scope: str, client: SourceClient, context: Context) -> Reading:
        confluence = Confluence(client, context)
        if stream == "users":
            return listings.users(confluence)
        if stream == "spaces":
            return listings.spaces(confluence, context.settings.scopes)
        library = CloudLibrary if confluence.cloud else DataCenterLibrary
        return DocumentsReading(library(confluence, _KINDS[stream], scope, context))


CONNECTOR = ConfluenceConnector()
