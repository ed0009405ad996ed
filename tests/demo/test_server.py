"""The server as a whole: what it says about itself, its pages for people, and how fast it answers."""

import asyncio
import os
import re
import signal
import sys
import time
from pathlib import Path

import aiohttp

from ovia_demo.organisation import Organisation
from tests.demo.conftest import BASIC, PRIVATE, Serve


async def test_the_front_lists_what_is_served_and_that_it_is_generated(serve: Serve, fernweh: Organisation) -> None:
    source = await serve(fernweh, {})
    front = await source.get("/")
    assert set(front["bases"]) == {"jira", "jira-dc", "gitlab", "confluence", "confluence-dc"}
    assert "Generated sample data" in front["notice"]
    refused = await source.get("/jira/rest/api/3/nothing", status=404)
    assert refused["error"] == "404 Not Found"


async def test_links_to_records_lead_to_pages_that_people_can_read(serve: Serve, fernweh: Organisation) -> None:
    source = await serve(fernweh, {**BASIC, **PRIVATE})
    project = await source.get("/gitlab/api/v4/projects/8")
    one = (await source.get("/gitlab/api/v4/projects/8/merge_requests", per_page=1))[0]
    pipeline = (await source.get("/gitlab/api/v4/projects/8/pipelines", per_page=1))[0]
    commit = (await source.get(f"/gitlab/api/v4/projects/8/merge_requests/{one['iid']}/commits"))[0]
    assert one["web_url"].startswith(project["web_url"])
    page = await source.get("/confluence/wiki/api/v2/pages", limit=1)
    links = {
        one["web_url"]: one["title"].removeprefix("Draft: "),
        pipeline["web_url"]: f"Pipeline {pipeline['id']}",
        commit["web_url"]: commit["title"],
        str(source.client.make_url(f"/jira/browse/{fernweh.issues[0].key}")): fernweh.issues[0].title,
        page["_links"]["base"] + page["results"][0]["_links"]["webui"]: page["results"][0]["title"],
    }
    for link, title in links.items():
        async with source.session.get(link) as response:
            text = await response.text()
        assert response.status == 200
        assert title in text.replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", '"')
        assert "Generated sample data" in text
    await source.get("/jira/browse/GLD-99999", status=404)
    await source.get("/gitlab/fernweh/nothing/-/pipelines/1", status=404)
    await source.get("/confluence/wiki/spaces/TEL/pages/1", status=404)


async def test_it_answers_thousands_of_records_a_second(serve: Serve, fernweh: Organisation) -> None:
    source = await serve(fernweh, PRIVATE)
    began, count = time.process_time(), 0
    for project in range(1, 13):
        count += len(await source.follow(f"/gitlab/api/v4/projects/{project}/jobs", per_page=100))
    # In processor time of client and server together, which a busy machine does not stretch.
    assert count / (time.process_time() - began) > 3000


async def test_latency_delays_every_answer(serve: Serve, fernweh: Organisation) -> None:
    source = await serve(fernweh, PRIVATE, latency_ms=80)
    began = time.monotonic()
    await source.get("/gitlab/api/v4/version")
    assert time.monotonic() - began >= 0.08


async def test_the_command_serves_until_it_is_stopped() -> None:
    command = Path(sys.executable).with_name("ovia-demo")
    process = await asyncio.create_subprocess_exec(
        str(command), "serve", "--port", "0", "--people", "6", "--months", "1",
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        address = re.search(r"http://[\d.]+:\d+", line)
        assert address is not None
        async with aiohttp.ClientSession() as session, session.get(address[0]) as response:
            assert (await response.json())["organisation"] == "Fernweh Gliders"
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)
    assert process.returncode == 0
