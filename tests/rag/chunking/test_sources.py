"""What the chunks of a source say of themselves."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from ovia_rag.chunking.language import config_of, prose_of
from ovia_rag.chunking.sources import chunks
from ovia_shared.models.ask import SourceKind
from ovia_shared.models.ask_index import Config, Part, PartKind, Source, SourceKey

KEY = SourceKey(SourceKind.WORK_ITEM, UUID(int=1), "10001")


def test_each_comment_is_pieces_of_its_own_with_its_author_and_date() -> None:
    author, commenter = uuid4(), uuid4()
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    source = Source(
        key=KEY, title="GLD-12  Wings\nbreak", project_external_id="GLD", url="https://jira.example/GLD-12",
        parts=[
            Part(kind=PartKind.BODY, text="They break in the wind.", identity_ids=[author]),
            Part(kind=PartKind.COMMENT, external_id="7", text="# Cause\nA cold glue.", identity_ids=[commenter],
                 created_at=moment, updated_at=moment),
        ],
    )  # fmt: skip
    body, comment = chunks(source)
    assert (body.part, body.part_external_id, body.title_path) == (PartKind.BODY, "", ["GLD-12 Wings break"])
    assert body.identity_ids == [author]
    assert (comment.part, comment.part_external_id) == (PartKind.COMMENT, "7")
    assert comment.title_path == ["GLD-12 Wings break", "Cause"]
    assert (comment.identity_ids, comment.created_at, comment.updated_at) == ([commenter], moment, moment)
    assert {one.url for one in (body, comment)} == {"https://jira.example/GLD-12"}


def test_a_title_as_long_as_a_book_is_shortened() -> None:
    (one,) = chunks(Source(key=KEY, title="x" * 100_000, parts=[Part(kind=PartKind.BODY, text="Short.")]))
    assert one.title_path == ["x" * 300]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We moved the release to Friday because the tests were red", Config.ENGLISH),
        ("Мы перенесли релиз на пятницу, потому что тесты падали", Config.RUSSIAN),
        ("Wir haben die Auslieferung auf Freitag verschoben, weil die Prüfungen rot waren", Config.SIMPLE),
        ("Nous avons reporté la livraison à vendredi parce que les tests échouaient", Config.SIMPLE),
        ("The winch stays off until the tower allows the launch, as every pilot has to know", Config.ENGLISH),
        ("Лебёдка выключена, пока вышка не разрешит взлёт: это должен знать каждый пилот", Config.RUSSIAN),
        ("Die Winde bleibt aus, bis der Turm den Start erlaubt, das muss jeder Pilot wissen", Config.SIMPLE),
        ("Лебідка вимкнена, доки вежа не дозволить зліт: це має знати кожен пілот", Config.SIMPLE),
        ("Лебедката остава изключена, докато кулата не разреши излитането: всеки пилот знае това", Config.SIMPLE),
        # Too short to tell but by letters.
        ("Дозвіл вежі", Config.SIMPLE),
        ("Въздушен змей", Config.SIMPLE),
        ("Объявление о подъёме", Config.RUSSIAN),
        ("Отчёт", Config.RUSSIAN),
        ("Проверка крыла", Config.RUSSIAN),
        ("План", Config.RUSSIAN),
        ("GLD-12", Config.ENGLISH),
        ("kubectl get pods -n prod", Config.ENGLISH),
        ("", Config.ENGLISH),
    ],
)
def test_the_language_of_a_text_is_told(text: str, expected: Config) -> None:
    assert prose_of(text) is expected


def test_a_piece_in_cyrillic_that_tells_nothing_is_what_its_text_is_and_one_that_does_is_what_it_says() -> None:
    for prose in Config:
        assert config_of("Пілот перевіряє крила перед кожним польотом, а потім записує", prose=prose) is Config.SIMPLE
        assert config_of("Пилот проверяет крылья перед каждым вылетом и записывает", prose=prose) is Config.RUSSIAN
        assert config_of("Winch: див. журнал вежі", prose=prose) is Config.SIMPLE
    assert config_of("План", prose=Config.SIMPLE) is Config.SIMPLE
    assert config_of("План", prose=Config.ENGLISH) is Config.RUSSIAN


def test_a_piece_with_any_russian_is_stemmed_as_russian_and_code_as_what_is_around_it() -> None:
    assert config_of("Release of the релиз", prose=Config.ENGLISH) is Config.RUSSIAN
    assert config_of("import os", prose=Config.RUSSIAN) is Config.ENGLISH
    assert config_of("import os", prose=Config.SIMPLE) is Config.SIMPLE
