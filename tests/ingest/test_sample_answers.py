"""All that KPIs are made of gets through the sources' APIs and the ingest: what is stored has the known answers."""

from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from ovia_demo.answers import answers
from ovia_demo.organisation import generate
from ovia_demo.server import create_app
from ovia_demo.serving import TOKEN
from tests.conftest import SampleOrganisation
from tests.ingest.conftest import Ingest
from tests.ingest.rebuilding import Rebuilding
from tests.ingest.test_killed import Rows


async def test_the_canonical_rows_of_the_sample_come_to_the_known_answers(
    ingest: Ingest, rows: Rows, organisations: tuple[SampleOrganisation, SampleOrganisation]
) -> None:
    organisation = generate(7, 10, 3)
    async with TestServer(create_app(organisation)) as server:
        base = str(server.make_url("")).rstrip("/")
        process = await ingest.start(
            "run", "--organisation", organisations[0].name, "--sample", JIRA_BASE_URL=f"{base}/jira",
            JIRA_EMAIL="reader@fernweh.example", JIRA_API_TOKEN=TOKEN, GITLAB_BASE_URL=f"{base}/gitlab",
            GITLAB_PRIVATE_TOKEN=TOKEN, OVIA_CREDENTIALS_KEYS=Fernet.generate_key().decode(),
        )  # fmt: skip
        _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    told, stored = answers(organisation), answers(await Rebuilding(rows, organisation).organisation())
    assert len(told.kpis) == len(stored.kpis) > 1000
    wrong = [pair for pair in zip(told.kpis, stored.kpis, strict=True) if pair[0] != pair[1]]
    assert wrong == []
    assert told.sprints == stored.sprints
    assert sorted(told.failed_changes, key=str) == sorted(stored.failed_changes, key=str)
