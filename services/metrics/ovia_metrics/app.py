"""The metrics service: facts, KPIs, receipts, forecasts, and figures for Prometheus."""

from litestar import Litestar, Router
from litestar.di import Provide

from ovia_metrics.changes.routes import CHANGES
from ovia_metrics.deployments.routes import DEPLOYMENTS
from ovia_metrics.facts.gauges import FactGauges
from ovia_metrics.flow.routes import FLOW
from ovia_metrics.forecasts.routes import FORECASTS
from ovia_metrics.identity_gauges import IdentityGauges
from ovia_metrics.kpis import routes as kpi_routes
from ovia_metrics.kpis.anomaly_routes import ANOMALIES
from ovia_metrics.quality.routes import read_data_quality
from ovia_metrics.receipts.routes import RECEIPTS
from ovia_metrics.settings import preview_routes
from ovia_metrics.settings.previews import Previews
from ovia_metrics.settings.routes import choose_setting, list_settings, list_versions, read_setting
from ovia_metrics.snapshots.gauges import KpiGauges
from ovia_metrics.sync_gauges import SyncGauges
from ovia_shared.config.settings import HttpServiceSettings
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.pool import Database
from ovia_shared.web.app import create_app
from ovia_shared.web.serve import run

SERVICE = "ovia-metrics"


def create(settings: HttpServiceSettings) -> Litestar:
    """The application, not yet listening."""
    database = Database(
        settings.database_url.get_secret_value(),
        size=settings.database_pool_size,
        statement_timeout=settings.statement_timeout,
        name=SERVICE,
    )
    gauges = (IdentityGauges(database), SyncGauges(database), FactGauges(database), KpiGauges(database))

    known_quality = KnownQuality()
    previews = Previews(settings.database_url.get_secret_value())

    async def more_metrics() -> bytes:
        return b"".join([await one.text() for one in gauges])

    app = create_app(
        service=SERVICE,
        title="Ovia metrics",
        description="Facts, KPIs, risks, receipts and forecasts.",
        settings=settings,
        handlers=[
            Router(
                "/",
                route_handlers=[
                    kpi_routes.routes(database),
                    CHANGES,
                    *RECEIPTS,
                    list_settings,
                    read_setting,
                    choose_setting,
                    list_versions,
                    preview_routes.routes(previews),
                    read_data_quality,
                    *FORECASTS,
                    ANOMALIES,
                ],
                dependencies={"known_quality": Provide(lambda: known_quality, sync_to_thread=False)},
            ),
            DEPLOYMENTS,
            FLOW,
        ],
        database=database,
        more_metrics=more_metrics,
    )
    app.on_startup.append(previews.start)
    app.on_shutdown.append(previews.stop)
    return app


def main() -> None:
    """Runs the service until it is told to stop."""
    run(SERVICE, HttpServiceSettings, create)


if __name__ == "__main__":
    main()
