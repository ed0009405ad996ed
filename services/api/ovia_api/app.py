"""The api service: people, identity mappings, orphans, connections, sync status and webhooks over HTTP."""

from litestar import Litestar, Router
from litestar.di import Provide

from ovia_api.audit_log.routes import list_audit_log
from ovia_api.conflict_queue import routes as conflict_queue
from ovia_api.connections import routes as connections
from ovia_api.connections.secrets import ConnectionSecrets
from ovia_api.docs.routes import docs
from ovia_api.grafana import routes as grafana
from ovia_api.identities.routes import list_candidates, list_orphans
from ovia_api.identities.service_account_routes import read_service_account, say_service_account
from ovia_api.imports.routes import IMPORTS
from ovia_api.mappings.answers import decisions_of
from ovia_api.mappings.contest_routes import contest
from ovia_api.mappings.decision_routes import DECISIONS
from ovia_api.mappings.routes import list_mappings, read_history, read_mapping, read_person_history
from ovia_api.matching.rematch_routes import apply_rematch, preview_rematch
from ovia_api.matching.settings_routes import choose_settings, read_settings
from ovia_api.people.activity_routes import ACTIVITY
from ovia_api.people.answers import people_actions_of
from ovia_api.people.erasing_routes import erase_person
from ovia_api.people.routes import PEOPLE
from ovia_api.products.routes import PRODUCTS, product_actions_of
from ovia_api.retention.routes import read_retention
from ovia_api.settings import ApiSettings
from ovia_api.sync.dead_letter_routes import list_letters, read_letter, replay_letter, replay_letters
from ovia_api.sync.routes import list_partitions
from ovia_api.sync.run_routes import list_runs
from ovia_api.teams.member_routes import MEMBERS
from ovia_api.teams.routes import TEAMS, team_actions_of
from ovia_api.tokens.routes import TOKENS, token_actions_of
from ovia_api.webhooks import routes as webhooks
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app
from ovia_shared.web.serve import run

SERVICE = "ovia-api"

_DESCRIPTION = """
Who is who, what is read from where, and how reading it is going.

Lists answer `{"data": [...], "next": cursor or null, "total": n}`; pass `next` back as `cursor`, with the same
filters, for the page after. Writes take an `Idempotency-Key`: sent again within a day, they happen once. Faults are
`application/problem+json` (RFC 9457). Times are RFC 3339 in UTC.
"""


def create(settings: ApiSettings) -> Litestar:
    """The application, not yet listening."""
    database = Database(
        settings.database_url.get_secret_value(),
        size=settings.database_pool_size,
        statement_timeout=settings.statement_timeout,
        name=SERVICE,
    )
    secrets = ConnectionSecrets.of(settings)
    return create_app(
        service=SERVICE,
        title="Ovia API",
        description=_DESCRIPTION.strip(),
        settings=settings,
        handlers=[
            Router(
                "/",
                route_handlers=PEOPLE,
                dependencies={"deciding": Provide(decisions_of), "doing": Provide(people_actions_of)},
            ),
            *ACTIVITY,
            Router("/", route_handlers=IMPORTS, dependencies={"deciding": Provide(decisions_of)}),
            Router("/", route_handlers=PRODUCTS, dependencies={"doing": Provide(product_actions_of)}),
            Router("/", route_handlers=[*TEAMS, *MEMBERS], dependencies={"doing": Provide(team_actions_of)}),
            Router("/", route_handlers=TOKENS, dependencies={"doing": Provide(token_actions_of)}),
            list_audit_log,
            read_retention,
            list_mappings,
            read_mapping,
            read_history,
            read_person_history,
            Router(
                "/",
                route_handlers=[*DECISIONS, contest, erase_person],
                dependencies={"deciding": Provide(decisions_of)},
            ),
            conflict_queue.routes(database),
            list_orphans,
            list_candidates,
            read_service_account,
            say_service_account,
            read_settings,
            choose_settings,
            preview_rematch,
            apply_rematch,
            list_partitions,
            list_runs,
            list_letters,
            read_letter,
            replay_letter,
            replay_letters,
            connections.routes(secrets),
            webhooks.routes(settings, database, secrets),
            grafana.routes(settings.grafana_organisation),
            docs,
        ],
        database=database,
    )


def main() -> None:
    """Runs the service until it is told to stop."""
    run(SERVICE, ApiSettings, create)


if __name__ == "__main__":
    main()
