"""What the small GitLab of a test holds, and the readings of it."""

from typing import Any

import msgspec

from ovia_ingest.connectors.gitlab import delivery, discussed
from ovia_ingest.sources.reading import Reading
from ovia_shared.source_client.client import SourceClient
from tests.ingest.gitlab.server import PROJECT, Served, SmallGitLab, Thing, at

MERGE_REQUESTS = f"{PROJECT}/merge_requests"
ISSUES = f"{PROJECT}/issues"
PIPELINES = f"{PROJECT}/pipelines"
DEPLOYMENTS = f"{PROJECT}/deployments"
JOBS = f"{PROJECT}/jobs"
MANY = 130


def numbered(many: int, **fields: Any) -> list[Thing]:
    """Things created a minute apart, with ids from 1001 and numbers from 1."""
    return [
        {"id": 1000 + n, "iid": n, "created_at": at(n), "updated_at": at(n), "status": "success", **fields}
        for n in range(1, many + 1)
    ]


def parts(gitlab: SmallGitLab, path: str, things: list[Thing]) -> None:
    """Each thing's parts, empty."""
    for one in things:
        gitlab.single[f"{path}/{one['iid']}/approvals"] = {"approved_by": []}
        for part in ("notes", "commits", "diffs", "resource_state_events"):
            gitlab.lists[f"{path}/{one['iid']}/{part}"] = []


def discussed_things(gitlab: SmallGitLab, path: str, many: int) -> list[Thing]:
    gitlab.lists[path] = numbered(many)
    parts(gitlab, path, gitlab.lists[path])
    return gitlab.lists[path]


def reading_of(path: str, served: Served, client: SourceClient) -> Reading:
    """The reading of the list at this path."""
    api = served.api(client)
    makers: dict[str, Any] = {
        MERGE_REQUESTS: discussed.merge_requests,
        ISSUES: discussed.issues,
        PIPELINES: delivery.pipelines,
        DEPLOYMENTS: delivery.deployments,
        JOBS: delivery.JobsReading,
    }
    made: Reading = makers[path](api, "7")
    return made


def content(payload: bytes) -> Any:
    return msgspec.json.decode(payload)
