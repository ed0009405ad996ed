"""How far the data behind numbers can be trusted, over HTTP."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from ovia_metrics.quality.overview import overview
from ovia_shared.database.known_quality import KnownQuality
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.data_quality import DataQuality
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of


@get(
    "/data-quality",
    guards=[requires(Role.VIEWER)],
    operation_id="read_data_quality",
    tags=["data quality"],
    summary="What is wrong with the data, and what to do about it",
    security=SECURITY,
    responses=problems_of(),
)
async def read_data_quality(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    known_quality: NamedDependency[SkipValidation[KnownQuality]],
) -> DataQuality:
    """Each list worst first: streams that are behind, fail, lack records or were not understood; accounts that lead to
    nobody; facts that do not follow; statuses that mean nothing yet; products, projects and teams that lack each other.
    `quality` is the score of a number that needed all of it. `sent` and `ours` are counted every ten minutes."""
    return await overview(conn, caller.org_id, known_quality)
