"""GitLab as a connector: its streams, and what each is made of."""

from collections.abc import Callable

from ovia_ingest.connectors.gitlab import (
    delivery,
    discussed,
    listings,
    normalise_delivery,
    normalise_issue,
    normalise_listings,
    normalise_merge_request,
)
from ovia_ingest.connectors.gitlab.api import GitLab
from ovia_ingest.connectors.gitlab.meaning import SOURCE, Normaliser
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Reading, Shape
from ovia_shared.database.canonical_tables import Row
from ovia_shared.models.canonical.delivery import Deployment, Environment, Job, Pipeline, Release
from ovia_shared.models.canonical.merge_requests import MergeRequest, MergeRequestCommit, MergeRequestEvent
from ovia_shared.models.canonical.projects import Project
from ovia_shared.models.canonical.references import Reference
from ovia_shared.models.canonical.work_items import Comment, WorkItem, WorkItemTransition
from ovia_shared.source_client.client import SourceClient

_MERGE_REQUEST_PARTS = (
    (MergeRequestCommit, None),
    (MergeRequestEvent, None),
    (Comment, "merge_request"),
    (Reference, "merge_request"),
)
_ISSUE_PARTS = ((WorkItemTransition, None), (Comment, "work_item"), (Reference, "work_item"))
_RELEASE_PARTS = ((Reference, "release"),)
_DELIVERY: dict[str, tuple[type[Row], Callable[[Context], Normaliser]]] = {
    "pipelines": (Pipeline, normalise_delivery.pipelines),
    "jobs": (Job, normalise_delivery.jobs),
    "environments": (Environment, normalise_delivery.environments),
    "deployments": (Deployment, normalise_delivery.deployments),
}


class GitLabConnector:
    """Implements `sources.connector.Connector`."""

    root_streams = ("projects", "users")
    needed_first = ("projects",)
    project_streams = (
        "merge_requests",
        "issues",
        "pipelines",
        "jobs",
        "environments",
        "deployments",
        "releases",
        "tags",
    )

    def shape(self, stream: str, context: Context) -> Shape:
        if stream in _DELIVERY:
            row, normaliser = _DELIVERY[stream]
            return Shape(stream, normalise_delivery.VERSION, normaliser(context), SOURCE, row)
        shapes: dict[str, Callable[[], Shape]] = {
            "projects": lambda: Shape(
                stream,
                normalise_listings.VERSION,
                normalise_listings.projects(context),
                SOURCE,
                Project,
                lost="access_lost",
            ),
            "users": lambda: Shape(
                stream, normalise_listings.VERSION, normalise_listings.users(context), SOURCE, lost="nothing"
            ),
            "merge_requests": lambda: Shape(
                stream,
                normalise_merge_request.VERSION,
                normalise_merge_request.merge_requests(context),
                SOURCE,
                MergeRequest,
                _MERGE_REQUEST_PARTS,
            ),
            "issues": lambda: Shape(
                stream, normalise_issue.VERSION, normalise_issue.issues(context), SOURCE, WorkItem, _ISSUE_PARTS
            ),
            "releases": lambda: Shape(
                stream,
                normalise_delivery.VERSION,
                normalise_delivery.releases(context),
                SOURCE,
                Release,
                _RELEASE_PARTS,
                only=("kind", "release"),
            ),
            "tags": lambda: Shape(
                stream,
                normalise_delivery.VERSION,
                normalise_delivery.tags(context),
                SOURCE,
                Release,
                only=("kind", "tag"),
            ),
        }
        return shapes[stream]()

    def reading(self, stream: str, scope: str, client: SourceClient, context: Context) -> Reading:
        gitlab = GitLab(client, context)
        readings: dict[str, Callable[[], Reading]] = {
            "projects": lambda: listings.projects(gitlab),
            "users": lambda: listings.users(gitlab),
            "merge_requests": lambda: discussed.merge_requests(gitlab, scope),
            "issues": lambda: discussed.issues(gitlab, scope),
            "pipelines": lambda: delivery.pipelines(gitlab, scope),
            "jobs": lambda: delivery.JobsReading(gitlab, scope),
            "environments": lambda: listings.environments(gitlab, scope),
            "deployments": lambda: delivery.deployments(gitlab, scope),
            "releases": lambda: listings.releases(gitlab, scope),
            "tags": lambda: listings.tags(gitlab, scope),
        }
        return readings[stream]()


CONNECTOR = GitLabConnector()
