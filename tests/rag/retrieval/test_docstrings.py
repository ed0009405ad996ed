"""The test set made of docstrings has a document for each question, and never the question in it."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.bench.beir import pieces, sample
from tests.bench.beir_folder import read
from tests.bench.commits import write as write_commits
from tests.bench.docstrings import write

REST = " ".join(f"detail{number}" for number in range(40))
PACKAGE = f'''
def launched():
    """Say whether a glider has left the ground.

    {REST}
    """


def coded():
    """Count the knots at which it would stall."""
    {"; ".join(f"knots{number} = {number}" for number in range(20))}


def short():
    """Too short."""


def doubled():
    """Give back what was given to it before.

    {REST} first
    """


def doubled_again():
    """Give back what was given to it before.

    {REST} second
    """
'''


def _packages(folder: Path) -> tuple[Path, ...]:
    # Which split a package belongs to follows from its name: of so many, both have some.
    for number in range(12):
        package = folder / f"package{number}"
        package.mkdir()
        text = (
            PACKAGE.replace("glider", f"glider{number}")
            .replace("detail", f"d{number}x")
            .replace("knots", f"k{number}n")
        )
        (package / "__init__.py").write_text(text.replace("Count the", f"Count {number} times the"))
    (folder / "package0" / "broken.py").write_text("def (")
    return (folder,)


def test_every_question_is_answered_by_one_document_which_does_not_hold_it(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    documents, questions = write(tmp_path / "set", _packages(tmp_path / "packages"))
    assert (documents, questions) == (24, 24)
    train, test = read(tmp_path / "set", "train"), read(tmp_path / "set", "test")
    assert len(train.questions) + len(test.questions) == 24
    assert train.questions
    assert test.questions
    assert not train.questions.keys() & test.questions.keys()
    texts = {one.id: one.text for one in train.documents}
    for collection in (train, test):
        for question, text in collection.questions.items():
            ((answer, grade),) = collection.judged[question].items()
            assert grade == 1
            assert text not in texts[answer]


def test_packages_are_dealt_out_whole_and_the_same_packages_give_the_same_set(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    roots = _packages(tmp_path / "packages")
    for name in ("one", "two"):
        write(tmp_path / name, roots)
    for file in ("corpus.jsonl", "queries.jsonl", "qrels/train.tsv", "qrels/test.tsv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    of_train = {question.split(".")[0] for question in read(tmp_path / "one", "train").questions}
    assert not of_train & {question.split(".")[0] for question in read(tmp_path / "one", "test").questions}


def test_a_document_too_long_for_a_chunk_becomes_several_and_questions_are_taken_evenly(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    write(tmp_path / "set", _packages(tmp_path / "packages"))
    collection = read(tmp_path / "set")
    assert len(sample(collection, 4)) == min(4, len(collection.questions))
    assert sample(collection, 1000) == list(collection.questions)
    long = msgspec.structs.replace(collection.documents[0], text="word " * 10_000)
    assert [one.ordinal for one in pieces([long])] == [0, 1, 2]
    assert "".join(one.text for one in pieces([long])) == long.text.strip()


def _git(repository: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(repository), *who, *arguments], check=True, capture_output=True)


def test_commits_are_found_by_what_they_changed_and_not_by_their_first_line(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    _git(repository, "init", "-q")
    for number in range(12):
        (repository / f"glider{number}.txt").write_text(f"knots {number}\n")
        _git(repository, "add", ".")
        _git(repository, "commit", "-q", "-m", f"count the knots of glider {number}", "-m", f"Why: reason {number}.")
    _git(repository, "commit", "-q", "--allow-empty", "-m", "say nothing at all here")
    _git(repository, "commit", "-q", "--allow-empty", "-m", "too short", "-m", "Whatever else.")
    assert write_commits(tmp_path / "set", repository) == 12
    train, test = read(tmp_path / "set", "train"), read(tmp_path / "set", "test")
    assert len(train.questions) + len(test.questions) == 12
    texts = {one.id: one.text for one in train.documents}
    for collection in (train, test):
        for question, text in collection.questions.items():
            (answer,) = collection.judged[question]
            which = text.rpartition(" ")[2]
            assert texts[answer] == f"Why: reason {which}.\nglider{which}.txt\nknots {which}"


def test_what_is_no_repository_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        write_commits(tmp_path / "set", tmp_path)
