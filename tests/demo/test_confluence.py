"""Confluence Cloud as the sample server speaks it."""

from typing import Any

import pytest

from ovia_demo.organisation import Organisation
from ovia_demo.serving import zulu
from tests.demo.conftest import BASIC, BEARER, Serve, Source

V1, V2 = "/confluence/wiki/rest/api", "/confluence/wiki/api/v2"


@pytest.fixture
async def confluence(serve: Serve, fernweh: Organisation) -> Source:
    return await serve(fernweh, BASIC)


async def test_spaces_lead_to_their_pages_and_posts(confluence: Source, fernweh: Organisation) -> None:
    spaces = (await confluence.get(f"{V2}/spaces"))["results"]
    keys = {one["id"]: one["key"] for one in spaces}
    assert set(keys.values()) == {one.space_key for one in fernweh.products}
    for name, kind in (("pages", "page"), ("blogposts", "blogpost")):
        for product in fernweh.products:
            path = f"{V2}/spaces/{product.space_id}/{name}"
            shown = await confluence.follow(path, limit=7, sort="id", **{"body-format": "storage"})
            mine = [one for one in fernweh.pages if one.kind == kind and one.product == product.key]
            assert [one["id"] for one in shown] == [str(one.id) for one in mine]
            assert all("{{p-" not in one["body"]["storage"]["value"] for one in shown)
    only = await confluence.get(f"{V2}/spaces", keys="BOOK")
    assert [one["key"] for one in only["results"]] == ["BOOK"]


async def test_the_first_link_is_a_notice_and_the_body_names_the_next_page_too(confluence: Source) -> None:
    async with confluence.client.get(f"{V2}/pages", params={"limit": 5}, headers=BASIC) as response:
        assert list(response.links) == ["deprecation", "next"]
        body = await response.json()
    assert body["_links"]["next"].startswith("/confluence/wiki/api/v2/pages?")
    again = await confluence.get(body["_links"]["next"])
    assert len(again["results"]) == 5


async def test_pages_come_newest_first_when_asked(confluence: Source, fernweh: Organisation) -> None:
    shown = await confluence.follow(f"{V2}/pages", limit=40, sort="-modified-date")
    dates = [one["version"]["createdAt"] for one in shown]
    assert dates == sorted(dates, reverse=True)
    assert len(dates) == sum(one.kind == "page" for one in fernweh.pages)
    await confluence.get(f"{V2}/pages", status=400, sort="mood")


async def comments(confluence: Source, page: int, place: str) -> list[Any]:
    """Those at the top, and below each what was replied to it, as deep as it goes."""
    level = await confluence.follow(f"{V2}/pages/{page}/{place}-comments", limit=2, **{"body-format": "storage"})
    assert all(("resolutionStatus" in one) == (place == "inline") for one in level)
    found: list[Any] = []
    while level:
        found += level
        below = [await confluence.follow(f"{V2}/{place}-comments/{one['id']}/children", limit=2) for one in level]
        level = [reply for replies in below for reply in replies]
    return found


async def test_a_page_has_versions_comments_and_labels(confluence: Source, fernweh: Organisation) -> None:
    edited = max((one for one in fernweh.pages if one.kind == "page"), key=lambda one: len(one.versions))
    versions = await confluence.follow(f"{V2}/pages/{edited.id}/versions", limit=2)
    assert [(one["number"], one["createdAt"]) for one in versions] == [
        (one.number, zulu(one.at)) for one in reversed(edited.versions)
    ]
    for page in fernweh.pages:
        if page.comments and page.kind == "page":
            found = [one for place in ("footer", "inline") for one in await comments(confluence, page.id, place)]
            assert sorted(one["id"] for one in found) == [str(one.id) for one in page.comments]
    labelled = next(one for one in fernweh.pages if one.labels and one.kind == "page")
    labels = await confluence.get(f"{V2}/pages/{labelled.id}/labels")
    assert [one["name"] for one in labels["results"]] == labelled.labels


async def test_users_groups_and_cql_are_in_v1(confluence: Source, fernweh: Organisation) -> None:
    group = (await confluence.get(f"{V1}/group"))["results"][0]
    members = await confluence.get(f"{V1}/group/{group['id']}/membersByGroupId", limit=200)
    found = await confluence.get(f"{V1}/search/user", cql="type=user", limit=200)
    assert {one["accountId"] for one in members["results"]} < {one["user"]["accountId"] for one in found["results"]}
    pages = await confluence.get(f"{V1}/content/search", cql='space = "TEL" and type = page', limit=200)
    mine = {str(one.id) for one in fernweh.pages if one.product == "GLD" and one.kind == "page"}
    assert {one["id"] for one in pages["results"]} == mine
    await confluence.get(f"{V1}/content/search", status=400, cql="colour = blue")


async def test_only_those_with_a_token_are_let_in(serve: Serve, fernweh: Organisation) -> None:
    bearer = await serve(fernweh, BEARER)
    refused = await bearer.get(f"{V2}/spaces", status=401)
    assert refused["errors"][0]["code"] == "UNAUTHORIZED"
    known = await serve(fernweh, BASIC)
    assert (await known.get(f"{V1}/user/current"))["type"] == "known"
    await known.get(f"{V2}/pages/1", status=404)
