"""Fields, statuses, projects, versions, sprints and users of Jira as canonical rows."""

import re
from collections.abc import Callable

import msgspec

from ovia_ingest.connectors.jira import payloads
from ovia_ingest.sources import accounts
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import LONGEST_LINE, line, long_text, moment
from ovia_shared.models.canonical.delivery import Release
from ovia_shared.models.canonical.projects import FieldDefinition, Project, StatusDefinition
from ovia_shared.models.canonical.work_items import Sprint
from ovia_shared.models.identity import NewIdentity

VERSION = 1
SOURCE = "jira"

CATEGORIES = {"new": "todo", "indeterminate": "in_progress", "done": "done"}

_ROLES = {
    "com.pyxis.greenhopper.jira:gh-sprint": "sprint",
    "com.pyxis.greenhopper.jira:gh-epic-link": "epic_link",
    "com.pyxis.greenhopper.jira:jsw-story-points": "story_points",
    "com.atlassian.jira.plugin.system.customfieldtypes:atlassian-team": "team",
    "com.atlassian.teams:rm-teams-custom-field-team": "team",
}
# Types that many fields share: what such a field is for only its name can tell.
_NAMED_ROLES = (
    (":float", re.compile(r"(?i)^(story points?|story point estimate|стори[- ]?поинты)$"), "story_points"),
    (":multicheckboxes", re.compile(r"(?i)^(flagged|impediment|помечено|отмечено)$"), "flagged"),
)

Normaliser = Callable[[bytes], Normalised]


def user(shown: payloads.User | None, context: Context) -> NewIdentity | None:
    """The account of a user as shown anywhere; None where nobody is named."""
    if shown is None:
        return None
    if shown.accountId:
        external_id, username = shown.accountId, None
    elif shown.key or shown.name:
        external_id, username = accounts.on_host(shown.key or shown.name or "", context.base_url), shown.name
    else:
        return None
    return accounts.account(
        SOURCE,
        external_id[:512],
        username=username,
        email=shown.emailAddress,
        display_name=shown.displayName,
        active=shown.active,
        machine_reason="an app, says Jira" if shown.accountType == "app" else None,
    )


def role_of(field: payloads.Field) -> str | None:
    """What a field means to us, by the type that its maker gave it."""
    kind = field.schema.custom if field.schema is not None else None
    if kind is None:
        return None
    for ending, name, role in _NAMED_ROLES:
        if kind.endswith(ending) and name.match(field.name or ""):
            return role
    return _ROLES.get(kind)


def fields(payload: bytes) -> Normalised:
    field = msgspec.json.decode(payload, type=payloads.Field)
    schema = field.schema or payloads.FieldSchema()
    external_id = _id(field)
    row = FieldDefinition(
        external_id=external_id,
        name=line(field.name) or external_id,
        custom=field.custom is True,
        type=line(schema.custom or schema.type),
        role=role_of(field),
    )
    return Normalised((row,))


def statuses(payload: bytes) -> Normalised:
    status = msgspec.json.decode(payload, type=payloads.StatusDefinition)
    scope = status.scope.project if status.scope is not None else None
    row = StatusDefinition(
        external_id=_id(status),
        name=line(status.name) or _id(status),
        category=category(status),
        scope=None if scope is None or scope.id is None else str(scope.id),
    )
    return Normalised((row,))


def category(status: payloads.Status | None) -> str | None:
    """todo, in_progress or done, as Jira's own status category says."""
    if status is None or status.statusCategory is None:
        return None
    return CATEGORIES.get(status.statusCategory.key or "")


def projects(context: Context) -> Normaliser:
    def normalise(payload: bytes) -> Normalised:
        project = msgspec.json.decode(payload, type=payloads.Project)
        lead = user(project.lead, context)
        key = line(project.key, 255) or _id(project)
        row = Project(
            external_id=_id(project),
            kind="project",
            key=key,
            name=line(project.name) or key,
            url=f"{context.base_url}/browse/{key}",
            description=long_text(project.description, "description", []),
            archived=project.archived is True,
            lead_account=lead.external_id if lead else None,
        )
        return Normalised((row,), (lead,) if lead else ())

    return normalise


def versions(payload: bytes) -> Normalised:
    version = msgspec.json.decode(payload, type=payloads.Version)
    row = Release(
        external_id=_id(version),
        project_external_id=str(version.projectId or ""),
        kind="version",
        name=line(version.name) or _id(version),
        description=long_text(version.description, "description", []),
        released=version.released is True,
        start_at=moment(version.startDate),
        released_at=moment(version.releaseDate) if version.released else None,
    )
    return Normalised((row,))


def sprints(payload: bytes) -> Normalised:
    envelope = msgspec.json.decode(payload, type=payloads.SprintEnvelope)
    sprint, board = envelope.sprint, envelope.board or payloads.Board()
    place = board.location.projectId if board.location is not None else None
    row = Sprint(
        external_id=_id(sprint),
        board_external_id=None if board.id is None else str(board.id),
        board_name=line(board.name),
        project_external_id=None if place is None else str(place),
        name=line(sprint.name) or _id(sprint),
        state=line(sprint.state, 50) or "future",
        goal=line(sprint.goal, 10 * LONGEST_LINE),
        start_at=moment(sprint.startDate),
        end_at=moment(sprint.endDate),
        completed_at=moment(sprint.completeDate),
    )
    return Normalised((row,))


def users(context: Context) -> Normaliser:
    def normalise(payload: bytes) -> Normalised:
        account = user(msgspec.json.decode(payload, type=payloads.User), context)
        if account is None:
            raise ValueError("the user has neither an account id nor a key")
        return Normalised((), (account,))

    return normalise


def _id(named: payloads.Named) -> str:
    external_id = str(named.id or named.key or "")
    if not external_id:
        raise ValueError("the record has no id")
    return external_id
