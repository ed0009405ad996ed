"""Half a character does not cost the page it is on."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ovia_shared.source_client.json_text import as_json


def test_half_a_character_becomes_a_replacement_and_the_rest_stays() -> None:
    body = rb'{"a": "cut \ud83d", "b": "\udc00 low", "c": "whole \ud83d\ude00", "d": "a path \\ud83d"}'
    mended = as_json(body)
    assert mended is not None
    assert json.loads(mended) == {"a": "cut �", "b": "� low", "c": "whole 😀", "d": r"a path \ud83d"}


def test_what_is_no_json_is_none() -> None:
    for body in (b"", b"<html>", b'{"a": 1', b'{"a": "\\ud83d"', b"[1, 2"):
        assert as_json(body) is None


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_python_can_spell_is_json_and_good_text_is_not_touched(text: str) -> None:
    body = json.dumps({"text": text}).encode()
    found = as_json(body)
    assert found is not None
    if not any(0xD800 <= ord(one) < 0xE000 for one in text):
        assert found is body
