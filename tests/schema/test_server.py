"""The tests run on the server they claim to run on."""

import os

import psycopg


def test_the_server_is_the_version_asked_for(database_dsn: str) -> None:
    with psycopg.connect(database_dsn) as connection:
        major = connection.info.server_version // 10000
    assert major >= 16
    asked = os.environ.get("OVIA_TEST_POSTGRES_VERSION")
    if asked and not os.environ.get("OVIA_TEST_DATABASE_URL"):
        assert str(major) == asked
