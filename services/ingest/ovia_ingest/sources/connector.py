"""What a connector is to the rest of ingest: the streams it has, and how to open one."""

from collections.abc import Sequence
from typing import Protocol

from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Reading, Shape
from ovia_shared.source_client.client import SourceClient

__all__ = ["Connector", "Context"]


class Connector(Protocol):
    """One kind of source. `root_streams` are read once a connection, `project_streams` once for each project it shows.

    Project streams are planned once those of `needed_first` were read.
    """

    @property
    def root_streams(self) -> Sequence[str]:
        """Names of the streams of the connection."""

    @property
    def needed_first(self) -> Sequence[str]:
        """Those root streams that project streams cannot be understood or found without."""

    @property
    def project_streams(self) -> Sequence[str]:
        """Names of the streams of each project."""

    def shape(self, stream: str, context: Context) -> Shape:
        """What the stream's records become; needs no network. Raises KeyError for a name that is not its own."""

    def reading(self, stream: str, scope: str, client: SourceClient, context: Context) -> Reading:
        """How the stream of this scope (a project's external id, "" for root streams) is read."""
