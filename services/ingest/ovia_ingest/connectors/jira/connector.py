"""Jira as a connector: its streams, and what each is made of."""

from collections.abc import Callable

from ovia_ingest.connectors.jira import definitions, listings, normalise_issue
from ovia_ingest.connectors.jira.api import Jira
from ovia_ingest.connectors.jira.issues import IssuesReading
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Reading, Shape
from ovia_shared.models.canonical.delivery import Release
from ovia_shared.models.canonical.projects import FieldDefinition, Project, StatusDefinition
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import (
    Comment,
    Sprint,
    SprintMembership,
    WorkItem,
    WorkItemLink,
    WorkItemTransition,
    Worklog,
)
from ovia_shared.source_client.client import SourceClient

_ISSUE_PARTS = (
    (WorkItemTransition, None),
    (WorkItemLink, None),
    (Worklog, None),
    (SprintMembership, None),
    (Comment, "work_item"),
    (Reference, "work_item"),
)


class JiraConnector:
    """Implements `sources.connector.Connector`."""

    root_streams = ("fields", "statuses", "projects", "users", "sprints")
    needed_first = ("fields", "statuses", "projects")
    project_streams = ("versions", "issues")

    def shape(self, stream: str, context: Context) -> Shape:
        version = definitions.VERSION
        shapes: dict[str, Callable[[], Shape]] = {
            "fields": lambda: Shape("fields", version, definitions.fields, definitions.SOURCE, FieldDefinition),
            "statuses": lambda: Shape("statuses", version, definitions.statuses, definitions.SOURCE, StatusDefinition),
            "projects": lambda: Shape(
                "projects", version, definitions.projects(context), definitions.SOURCE, Project, lost="access_lost"
            ),
            "users": lambda: Shape("users", version, definitions.users(context), definitions.SOURCE, lost="nothing"),
            # A board that is hidden, or a licence that ended, hides its sprints: they are not deleted.
            "sprints": lambda: Shape(
                "sprints", version, definitions.sprints, definitions.SOURCE, Sprint, lost="nothing"
            ),
            "versions": lambda: Shape("versions", version, definitions.versions, definitions.SOURCE, Release),
            "issues": lambda: Shape(
                "issues",
                normalise_issue.VERSION,
                normalise_issue.issues(context),
                definitions.SOURCE,
                WorkItem,
                _ISSUE_PARTS,
            ),
        }
        return shapes[stream]()

    def reading(self, stream: str, scope: str, client: SourceClient, context: Context) -> Reading:
        jira = Jira(client, context)
        keys = context.settings.scopes
        readings: dict[str, Callable[[], Reading]] = {
            "fields": lambda: listings.whole(jira, "/field"),
            "statuses": lambda: listings.whole(jira, "/status"),
            "projects": lambda: listings.projects(jira, keys),
            "users": lambda: listings.users(jira),
            "sprints": lambda: listings.sprints(jira, keys),
            "versions": lambda: listings.whole(jira, f"/project/{scope}/versions"),
            "issues": lambda: IssuesReading(jira, context),
        }
        return readings[stream]()


CONNECTOR = JiraConnector()
