"""A page to try the API from, at /docs. Everything it loads comes from this service: it works without internet."""

from importlib.resources import files

from litestar import Response, get
from litestar.params import FromPath
from litestar.router import Router

from ovia_shared.errors import NotFound
from ovia_shared.web.authentication import PUBLIC

_ASSETS = files("swagger_ui") / "static"
_TYPES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
# No inline script or style: what somebody manages to inject into the page is not run.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ovia API</title>
<link rel="icon" type="image/png" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


@get("/", media_type="text/html; charset=utf-8")
async def page() -> Response[str]:
    """The page itself."""
    return Response(_PAGE, headers=_HEADERS)


@get("/start.js", media_type="text/javascript; charset=utf-8")
async def start() -> str:
    """Starts the page. A file of its own, so that the page needs no inline script."""
    return _START


@get("/assets/{name:str}")
async def asset(name: FromPath[str]) -> Response[bytes]:
    """The scripts and styles of Swagger UI, from the package swagger-ui-py."""
    if name not in _TYPES:
        raise NotFound("there is no such file")
    return Response(
        (_ASSETS / name).read_bytes(), media_type=_TYPES[name], headers={"Cache-Control": "public, max-age=86400"}
    )


docs = Router("/docs", route_handlers=[page, start, asset], opt=dict(PUBLIC), include_in_schema=False)
