"""What the harness measures is what one counts by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.beir_folder import read
from tests.bench.ranking_measures import ndcg, recall

_DOCUMENTS = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True)


def test_what_answers_alone_and_first_gains_everything() -> None:
    assert ndcg(["a", "b"], {"a": 1}) == 1.0


def test_what_answers_gains_less_the_later_it_comes() -> None:
    # 1 / log2(3) and 1 / log2(4)
    assert ndcg(["b", "a"], {"a": 1}) == pytest.approx(0.6309297536)
    assert ndcg(["b", "c", "a"], {"a": 1}) == pytest.approx(0.5)


def test_gains_are_divided_by_the_best_there_could_be() -> None:
    # gained 2/log2(3) + 1/log2(5) = 1.261860 + 0.430677; best 2 + 1/log2(3) = 2.630930
    assert ndcg(["x", "a", "y", "b"], {"a": 2, "b": 1, "z": 0}) == pytest.approx(1.6925361 / 2.6309298)


def test_grades_count_once_each() -> None:
    # gained 3/1 + 2/log2(3) + 0 + 0 + 1/log2(6) + 2/log2(7); best of 3, 3, 2, 2, 2, 1
    graded = {"1": 3, "2": 2, "3": 3, "4": 0, "5": 1, "6": 2, "7": 2}
    # 3 + 1.2618595 + 0.3868528 + 0.7124143 over 3 + 1.8927893 + 1 + 0.8613531 + 0.7737056 + 0.3562072
    assert ndcg(["1", "2", "0", "4", "5", "6"], graded) == pytest.approx(5.3611266 / 7.8840552)


def test_nothing_behind_the_tenth_gains() -> None:
    assert ndcg([*"bcdefghijk", "a"], {"a": 1}) == 0.0


def test_recall_is_the_share_of_what_answers_that_was_found() -> None:
    assert recall(["a", "x", "b"], {"a": 1, "b": 2, "c": 1, "d": 1, "e": 0}) == 0.5
    assert recall(["x", "a"], {"a": 1}, most=1) == 0.0


def test_a_question_that_nothing_answers_measures_nothing() -> None:
    assert ndcg(["a"], {"a": 0}) == 0.0
    assert recall(["a"], {"a": 0}) == 0.0


@given(_DOCUMENTS, st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.integers(0, 3)))
def test_measures_stay_between_0_and_1_and_the_ideal_order_has_1(ranking: list[str], grades: dict[str, int]) -> None:
    assert 0 <= ndcg(ranking, grades) <= 1
    assert 0 <= recall(ranking, grades) <= 1
    ideal = sorted(grades, key=lambda one: -grades[one])
    if any(grades.values()):
        assert ndcg(ideal, grades) == pytest.approx(1.0)
        assert recall(ideal, grades) == 1.0


def test_a_folder_in_beirs_format_is_read_by_its_split(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "Sink rate", "text": "How fast it falls.", "metadata": {"url": "x"}}\n'
        '{"_id": "d2", "text": "No title"}\n\n'
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "sink?"}\n{"_id": "q2", "text": "unasked"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    found = read(tmp_path)
    assert [(one.id, one.title) for one in found.documents] == [("d1", "Sink rate"), ("d2", "")]
    assert found.questions == {"q1": "sink?"}
    assert found.judged == {"q1": {"d1": 2, "d2": 0}}
