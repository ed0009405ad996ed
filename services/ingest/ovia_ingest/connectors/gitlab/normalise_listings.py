"""Projects and accounts as canonical rows. Pure; `VERSION` grows with their outcome."""

from ovia_ingest.connectors.gitlab import payloads
from ovia_ingest.connectors.gitlab.meaning import Normaliser, Seen, identified
from ovia_ingest.sources.context import Context
from ovia_ingest.sources.reading import Normalised
from ovia_ingest.sources.values import line, long_text, moment
from ovia_shared.models.canonical.projects import Project

VERSION = 1


def projects(context: Context) -> Normaliser:
    """The normaliser of projects of one connection."""

    def normalise(payload: bytes) -> Normalised:
        one = payloads.read(payload, payloads.Envelope).project or payloads.Project()
        external_id = identified(one.id, "project")
        seen = Seen(context.base_url)
        key = line(one.path_with_namespace) or external_id
        row = Project(
            external_id=external_id,
            kind="repository",
            key=key,
            name=line(one.name) or key,
            url=line(one.web_url, 2000),
            description=long_text(one.description, "description", []),
            default_branch=line(one.default_branch),
            archived=bool(one.archived),
            lead_account=seen.name(one.owner),
            created_at=moment(one.created_at),
        )
        return Normalised((row,), seen.accounts)

    return normalise


def users(context: Context) -> Normaliser:
    """The normaliser of accounts of one connection."""

    def normalise(payload: bytes) -> Normalised:
        one = payloads.read(payload, payloads.Envelope).user or payloads.User()
        identified(one.id, "account")
        seen = Seen(context.base_url)
        seen.name(one)
        return Normalised((), seen.accounts)

    return normalise
