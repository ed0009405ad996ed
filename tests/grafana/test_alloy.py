"""What ships the logs: every argument is one Alloy has, labels stay few, secrets stay behind."""

import re
from pathlib import Path

import pytest

from tests.grafana import alloy_syntax
from tests.grafana.alloy_syntax import Block, NotAlloy, Reference

FILE = Path(__file__).parents[2] / "infra" / "alloy" / "config.alloy"
LABELS = {"service", "stack", "level", "node"}


@pytest.fixture(scope="module")
def file() -> Block:
    return alloy_syntax.parse(FILE.read_text())


def test_every_component_and_argument_is_known(file: Block) -> None:
    assert alloy_syntax.faults(file) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('logging { level = "warn"', "ends too early"),
        ('logging { level "warn" }', "is missing"),
        ('logging { level = "warn" level = "info" }', "stands twice"),
        ("logging { level = }", "a value is missing"),
        ("logging { level = 'warn' }", "nothing begins with"),
    ],
)
def test_a_text_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotAlloy, match=said):
        alloy_syntax.parse(text)


def test_a_misspelt_argument_is_found() -> None:
    file = alloy_syntax.parse('loki.process "a" {\n  stage.json {\n    expresions = { a = "" }\n  }\n}\nlogin { }')
    assert alloy_syntax.faults(file) == [
        "loki.process has no forward_to", "stage.json has no expressions", "stage.json knows no expresions",
        "login is unknown",
    ]  # fmt: skip


def test_what_is_referred_to_is_there(file: Block) -> None:
    components = {f"{block.name}.{block.label}" for block in file.blocks if block.label}
    referred = {reference.name for block in file.each() for reference in _references(block.attributes)}
    assert {name.rpartition(".")[0] for name in referred} - {"constants"} <= components
    # From the containers to Loki, each component feeds the next.
    assert {name.rpartition(".")[0] for name in referred} >= components - {"loki.source.docker.containers"}


def _references(value: object) -> list[Reference]:
    if isinstance(value, Reference):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for one in inner for found in _references(one)]


def test_labels_are_few_and_ids_are_none_of_them(file: Block) -> None:
    (kept,) = file.named("stage.label_keep")
    (write,) = file.named("loki.write")
    assert {*kept.attributes["values"], *write.attributes["external_labels"]} == LABELS
    (beside,) = file.named("stage.structured_metadata")
    assert set(beside.attributes["values"]) == {"request_id", "trace_id"}


def test_expressions_are_in_the_dialect_of_go(file: Block) -> None:
    # RE2 has neither lookaround nor backreferences; the rest of what is used here is the same in Python.
    for block in file.each():
        for name in ("expression", "regex"):
            expression = block.attributes.get(name)
            if expression is not None:
                assert not re.search(r"\(\?[=!<](?!P)|\\[1-9]", expression), expression
                re.compile(expression)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('{"event": "ovia_' + "a" * 52 + "_" + "b" * 52 + '"}', "a" * 52),
        ("cannot reach postgresql://ovia_api:hunter2-x@postgres/ovia", "hunter2-x"),
        ('{"url": "https://user:glove-box@gitlab.example/x.git"}', "glove-box"),
        ('{"password": "correct-horse"}', "correct-horse"),
        (r'{"msg": "{\"api_key\": \"correct-horse\"}"}', "correct-horse"),
        ("PRIVATE-TOKEN=abcdef12345 path=/api", "abcdef12345"),
        ("token glpat-abcdefghij1234567890 was refused", "abcdefghij1234567890"),
        ("authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "eyJhbGciOiJIUzI1NiJ9"),
    ],
)
def test_what_looks_like_a_secret_does_not_leave_the_machine(file: Block, line: str, secret: str) -> None:
    assert secret not in masked(file, line)


def test_an_ordinary_line_is_sent_as_it_is(file: Block) -> None:
    line = '{"event":"request","path":"/team/kpi","token_name":"grafana","status":200,"request_id":"0196-ab"}'
    assert masked(file, line) == line


def masked(file: Block, line: str) -> str:
    """The line as Alloy's replacing stages leave it: what each expression's group holds becomes its replacement."""
    (process,) = file.named("loki.process")
    for stage in (block for block in process.blocks if block.name == "stage.replace"):
        line = _replaced(re.compile(stage.attributes["expression"]), stage.attributes["replace"], line)
    return line


def _replaced(expression: re.Pattern[str], by: str, line: str) -> str:
    parts, place = [], 0
    for found in expression.finditer(line):
        parts += [line[place : found.start(1)], by]
        place = found.end(1)
    return "".join([*parts, line[place:]])


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        ("request;/health;200", True),
        ("request;/metrics;200", True),
        ("request;/ready;503", False),
        ("request;/team/kpi;200", False),
        ("the pool is exhausted;/ready;200", False),
    ],
)
def test_probes_that_went_well_are_left_out(file: Block, fields: str, dropped: bool) -> None:
    stage = next(block for block in file.named("stage.drop") if block.attributes["source"] == "event,route,status")
    assert (re.search(stage.attributes["expression"], fields) is not None) is dropped


def test_levels_of_postgres_and_of_go_programs_are_found(file: Block) -> None:
    postgres, others = (re.compile(block.attributes["expression"]) for block in file.named("stage.regex"))
    found = postgres.search("2026-11-27 07:10:25.731 UTC [1536] api@ovia ERROR:  relation does not exist")
    assert found is not None
    assert found["level"] == "ERROR"
    for line in ('ts=2026-11-27T07:10:38Z level=warn msg="x"', '{"level":"warn","msg":"x"}', 't=1 level="warn" m=x'):
        found = others.search(line)
        assert found is not None
        assert found["level"] == "warn"
