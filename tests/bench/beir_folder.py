"""Reads a folder in BEIR's format: corpus.jsonl, queries.jsonl and qrels/<split>.tsv."""

from pathlib import Path

import msgspec


class Document(msgspec.Struct, frozen=True):
    """A document of the corpus."""

    id: str = msgspec.field(name="_id")
    title: str = ""
    text: str = ""


class Question(msgspec.Struct, frozen=True):
    """A question, of whatever split."""

    id: str = msgspec.field(name="_id")
    text: str


class Collection(msgspec.Struct, frozen=True):
    """What questions are asked of, and how documents were judged: by question, document by grade."""

    documents: list[Document]
    questions: dict[str, str]
    judged: dict[str, dict[str, int]]


def read(folder: Path, split: str = "test") -> Collection:
    """The collection with the questions that the split has judgements of. Raises `FileNotFoundError`."""
    documents = [msgspec.json.decode(line, type=Document) for line in _lines(folder / "corpus.jsonl")]
    asked = [msgspec.json.decode(line, type=Question) for line in _lines(folder / "queries.jsonl")]
    judged: dict[str, dict[str, int]] = {}
    for line in _lines(folder / "qrels" / f"{split}.tsv"):
        question, document, grade = line.decode().split("\t")
        if grade.strip().lstrip("-").isdigit():  # the first line names the columns
            judged.setdefault(question, {})[document] = int(grade)
    return Collection(documents, {one.id: one.text for one in asked if one.id in judged}, judged)


def _lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().split(b"\n") if line.strip()]
