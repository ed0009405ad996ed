"""Pages in Confluence's storage format become text that reads as the page does, however broken they are."""

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovia_ingest.connectors.confluence.storage_format import read, text_of

JIRA = (
    '<ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">Ours</ac:parameter>'
    '<ac:parameter ac:name="key">GLD-12</ac:parameter></ac:structured-macro>'
)
CODE = (
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter><ac:plain-text-body>'
    "<![CDATA[# lift\nif a < b and c > d:\n\n    print('<p>&amp;')]]></ac:plain-text-body></ac:structured-macro>"
)
CASES = {
    "<h1>One</h1><h2>Two &amp; <em>three</em></h2><p>Text</p>": "# One\n## Two & three\nText",
    "<p>a<strong>b</strong> c\n   d&nbsp;e</p><p>f<br/>g</p>": "ab c d e\nf\ng",
    "<ul><li><p>one</p><ol><li>in</li></ol></li><li>two</li></ul>": "- one\n  - in\n- two",
    "<table><tbody><tr><th><p>A</p></th><th>B</th></tr><tr><td><p>1</p><p>2</p></td><td/></tr></tbody></table>": (
        "A | B\n1 2 |"
    ),
    "<p># not a heading</p>": "\\# not a heading",
    f"<p>See</p>{CODE}<p>end</p>": (
        "See\n    # lift\n    if a < b and c > d:\n        print('<p>&amp;')\nend"
    ),
    CODE: "    \\# lift\n    if a < b and c > d:\n        print('<p>&amp;')",
    "<pre>a\n  b<br/>c</pre>": "    a\n      b\n    c",
    f"<p>For {JIRA}.</p>": "For GLD-12 .",
    f"<p>For{JIRA}too</p>": "For GLD-12 too",
    '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>kept</p>'
    "</ac:rich-text-body></ac:structured-macro><p>after</p>": "kept\nafter",
    '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter>'
    '<ac:parameter ac:name="title">AGREED</ac:parameter></ac:structured-macro></p>': "AGREED",
    '<p>Ask <ac:link><ri:user ri:account-id="557058:ab"/></ac:link>, please</p>': "Ask @557058:ab, please",
    '<p><ac:link><ri:page ri:content-title="Other &amp; page"/></ac:link></p>': "Other & page",
    '<p><ac:link><ri:page ri:content-title="Hidden"/><ac:plain-text-link-body><![CDATA[a <b> c]]>'
    "</ac:plain-text-link-body></ac:link></p>": "a <b> c",
    "<p>x <a href='https://wiki.example/?a=1&amp;b=2'>the list</a> y</p>": "x the list y",
    '<ac:image ac:alt="A wing"><ri:attachment ri:filename="w.png"/></ac:image><p><img alt="tail"></p>': "A wing\ntail",
    "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>"
    "<span>check</span> it</ac:task-body></ac:task></ac:task-list>": "- check it",
    "<script>steal('<b>')</script><style>p { color: red }</style><p>seen</p><!-- not <p>this</p> -->": "seen",
    "<p>&lt;b&gt; &amp;lt; &eacute; &#1071; &mdash;</p>": "<b> &lt; é Я —",
    'a < b &c; <p title="x>y': "a < b &c;\ny",
    "<p>one<p>two</b></div>three": "one\ntwo\nthree",
    "<ul><li>a<li>b": "- a\n- b",
    "<table><tr><td>a<td>b<tr><td>c": "a | b c",
    "<![CDATA[never closed": "never closed",
    "": "",
}  # fmt: skip


@pytest.mark.parametrize("storage", CASES)
def test_a_page_reads_as_people_see_it(storage: str) -> None:
    assert text_of(storage) == CASES[storage]


def test_links_to_work_items_are_noted_beside_the_text() -> None:
    body = read('<a href="https://jira.example/browse/SKY-3?x=1">this bug</a><a href="https://x.example/">that</a>')
    assert body.text == "this bugthat"
    assert body.links == ("https://jira.example/browse/SKY-3?x=1",)


words = st.text(st.characters(categories=("Lu", "Ll", "Nd", "So")), min_size=1, max_size=8)
marks = st.sampled_from(["p", "div", "strong", "li", "ul", "td", "tr", "table", "h2", "ac:rich-text-body", "a", "pre"])
pieces = st.lists(
    st.one_of(
        st.tuples(st.just("<{}>"), marks), st.tuples(st.just("</{}>"), marks),
        st.tuples(st.just("<{}/>"), marks), st.tuples(st.just("word"), words),
    ),
    max_size=60,
)  # fmt: skip


@given(pieces)
def test_no_word_is_lost_whatever_the_marks_around_it(parts: list[tuple[str, str]]) -> None:
    storage = "".join(f" {value} " if form == "word" else form.format(value) for form, value in parts)
    written = [value for form, value in parts if form == "word"]
    found = [word for word in text_of(storage).split() if word not in {"-", "|", "##"}]
    assert found == written


@given(pieces, st.text(max_size=30))
def test_only_headings_begin_with_a_number_sign(parts: list[tuple[str, str]], text: str) -> None:
    storage = "".join(form.format(value) for form, value in parts if value != "h2") + f"<p>{text}</p>#{text}"
    assert not [line for line in text_of(storage).strip().splitlines() if line.startswith("#")]


@given(st.text(st.sampled_from("<>/!-[]'\"= &;#xap:cdliCDATAtr\n\0\ud800"), max_size=200))
def test_no_text_is_too_broken(storage: str) -> None:
    text = text_of(storage)
    assert "\0" not in text
    assert text.encode().decode() == text


@given(st.text(max_size=200))
def test_what_is_escaped_comes_back_word_for_word(text: str) -> None:
    cleaned = text.replace("\0", "")
    expected = cleaned.split()
    found = text_of(f"<p>{html.escape(cleaned)}</p>").split()
    if expected and expected[0].startswith("#"):
        expected[0] = "\\" + expected[0]
    assert found == ([] if not cleaned.strip().strip(" |") else expected)


HOSTILE = {
    "deep": "<div><ul><li>" * 10_000 + "kept",
    "closed, never opened": "<div>" * 100_000 + "</p>" * 100_000 + "kept",
    "formatting with attributes": "".join(f"<b x='{n}'>" for n in range(50_000)) + "<p>" * 50_000 + "kept",
    "cells": "<td>" * 200_000 + "</ul>" * 200_000 + "kept",
    "ten megabytes of words": "word " * 2_000_000 + "kept",
    "ten megabytes of signs": "<" * 10_000_000 + " kept",
    "one long attribute": "<a " + "x" * 10_000_000 + ">kept",
    "quotes": "<a x='" * 100_000 + ">kept",
    "entities": "&#x" * 1_000_000 + " kept",
    "sections": "<![CDATA[]]>" * 200_000 + "kept",
    "NUL": "\0" * 1_000_000 + "<p\0>kept</p\0>",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_page_costs_no_more_than_its_length(kind: str) -> None:
    started = time.process_time()
    text = text_of(HOSTILE[kind])
    assert text.endswith(("kept", ">kept"))
    assert time.process_time() - started < 10
