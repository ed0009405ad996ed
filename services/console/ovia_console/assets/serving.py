"""Styles and scripts over HTTP, under names that change with what they hold: browsers may keep them for ever."""

import hashlib
from pathlib import Path

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from ovia_shared.errors import BadSettings, NotFound
from ovia_shared.web.authentication import PUBLIC

FILES = Path(__file__).parent / "files"
# One request each: what every page loads is joined, in this order.
JOINED = {
    "console.css": ("css/*.css",),
    "console.js": ("vendor/htmx.min.js", "js/*.js"),
}
# Loaded by one page only; a file in here is served as it is.
SINGLE = FILES / "pages"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Assets:
    """All files, read once. Raises `BadSettings` if one that has to be fetched is missing."""

    def __init__(self, files: Path = FILES) -> None:
        self._files: dict[str, bytes] = {name: _joined(files, patterns) for name, patterns in JOINED.items()}
        single = files / SINGLE.name
        if single.is_dir():
            self._files |= {one.name: one.read_bytes() for one in sorted(single.iterdir()) if one.suffix in _TYPES}
        self._names = {name: _digest(content) for name, content in self._files.items()}

    def path(self, name: str) -> str:
        """Where a page finds it. Raises `KeyError` for one there is not."""
        return f"/console/assets/{self._names[name]}/{name}"

    def content(self, digest: str, name: str) -> bytes:
        """What it holds. Raises `NotFound` under a name of another version: it may hold something else by now."""
        if self._names.get(name) != digest:
            raise NotFound("there is no such file")
        return self._files[name]


def routes(assets: Assets) -> HTTPRouteHandler:
    """The one route, for everybody."""

    @get("/assets/{digest:str}/{name:str}", opt=dict(PUBLIC))
    async def asset(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        """A style or a script."""
        content = assets.content(digest, name)
        return Response(
            content,
            media_type=_TYPES[Path(name).suffix],
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    return asset


def _joined(files: Path, patterns: tuple[str, ...]) -> bytes:
    found = [one for pattern in patterns for one in sorted(files.glob(pattern))]
    missing = [pattern for pattern in patterns if not list(files.glob(pattern))]
    if missing:
        raise BadSettings(f"{missing[0]} is missing in {files}; `make setup` fetches it")
    return b"\n".join(one.read_bytes() for one in found)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
