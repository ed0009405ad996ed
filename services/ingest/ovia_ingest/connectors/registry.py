"""The connectors there are, by the kind of connection they read."""

from collections.abc import Mapping

from ovia_ingest.connectors.confluence.connector import CONNECTOR as CONFLUENCE
from ovia_ingest.connectors.gitlab.connector import CONNECTOR as GITLAB
from ovia_ingest.connectors.jira.connector import CONNECTOR as JIRA
from ovia_ingest.sources.connector import Connector
from ovia_shared.models.connection import ConnectionKind

CONNECTORS: Mapping[ConnectionKind, Connector] = {
    ConnectionKind.JIRA: JIRA,
    ConnectionKind.GITLAB: GITLAB,
    ConnectionKind.CONFLUENCE: CONFLUENCE,
}
