"""The chunks of a source."""

import re
from collections.abc import Iterator

from ovia_rag.chunking.language import config_of, prose_of
from ovia_rag.chunking.pieces import pieces
from ovia_shared.models.ask_index import Chunk, Source

# To be raised whenever a text would be cut or stemmed otherwise: what is in the index is then cut anew.
VERSION = 2

_LONGEST_TITLE = 300
_BLANKS = re.compile(r"\s+")


def chunks(source: Source) -> Iterator[Chunk]:
    """All pieces of all its texts, which have the title and the headings above them."""
    title = _BLANKS.sub(" ", source.title).strip()[:_LONGEST_TITLE].strip()
    for part in source.parts:
        prose = prose_of(part.text)
        for ordinal, piece in enumerate(pieces(part.text)):
            content = part.text[piece.start : piece.end]
            yield Chunk(
                key=source.key, part=part.kind, part_external_id=part.external_id, ordinal=ordinal,
                project_external_id=source.project_external_id,
                title_path=[one for one in (title, *piece.headings) if one], content=content,
                starts_at=piece.start, ends_at=piece.end, language=config_of(f"{title} {content}", prose=prose),
                identity_ids=part.identity_ids, url=source.url, version=source.version,
                created_at=part.created_at, updated_at=part.updated_at, restricted=part.restricted,
            )  # fmt: skip
