"""Splits what `git cat-file --batch` prints into objects."""

from ovia_shared.errors import SourceError, SourceFault


class BatchOutput:
    """Takes output in chunks of any size and gives the objects that are complete.

    Each object comes as `<id> SP <type> SP <size> LF <size bytes> LF`. Memory: one chunk and one object.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[tuple[str, bytes]]:
        """The (id, content) of each object completed by this chunk, in order.

        Raises `SourceError` (fatal) for an object that git lists but cannot give.
        """
        buffer = self._buffer
        buffer += chunk
        objects: list[tuple[str, bytes]] = []
        start, length = 0, len(buffer)
        with memoryview(buffer) as view:
            while (end_of_header := buffer.find(b"\n", start)) >= 0:
                sha, size = _header(buffer[start:end_of_header])
                content = end_of_header + 1
                following = content + size + 1
                if following > length:
                    break
                objects.append((sha, bytes(view[content : following - 1])))
                start = following
        del buffer[:start]
        return objects

    def end(self) -> None:
        """Raises `SourceError` (retriable) if the output stopped within an object."""
        if self._buffer:
            raise SourceError("git stopped in the middle of a commit")


def _header(line: bytearray) -> tuple[str, int]:
    parts = line.decode(errors="replace").split(" ")
    if len(parts) != 3 or not parts[2].isdecimal():
        raise SourceError(
            f"the repository lacks a commit its history needs; run `git fsck` ({' '.join(parts)[:100]})",
            fault=SourceFault.FATAL,
        )
    return parts[0], int(parts[2])
