"""OpenAPI 3.1 at /openapi.json, and the problems every operation may answer with."""

from importlib.metadata import version

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Example, License, SecurityScheme, Server, Tag
from litestar.router import Router

from ovia_shared.web.authentication import PUBLIC
from ovia_shared.web.problems import MEDIA_TYPE, Problem, title_of, type_of

# On the operations that need a token.
SECURITY: list[dict[str, list[str]]] = [{"token": []}]

_MEANINGS = {
    400: ("The request cannot be read: an unknown parameter, a stale cursor.", "Unknown query parameter colour."),
    401: ("No valid access token.", "A valid access token is needed: Authorization: Bearer ovia_…"),
    403: ("The token's role does not reach this far.", "This needs the role manager; the token is a viewer."),
    404: ("Not there, or another organisation's.", "There is no such person."),
    409: ("The state of things refuses this.", "There is a connection to this address already."),
    412: ("If-Match names another version than the one there is.", "This was changed since; read it again."),
    413: ("The body is larger than this address takes.", "The body is larger than 1 MiB."),
    422: ("Well-formed, and against a rule.", "Not accepted: limit."),
    428: ("If-Match is needed.", "Say which version you change: If-Match, with the ETag."),
    429: ("The budget of requests is spent; see Retry-After.", "Too many requests; wait before the next."),
    503: ("The database is away; see Retry-After.", "The database does not answer."),
}


def problems_of(*statuses: int) -> dict[int, ResponseSpec]:
    """The `responses` of an operation that needs a token: these problems, and those any operation may have."""
    return {status: _response(status) for status in sorted({400, 401, 403, 422, 429, 503, *statuses})}


def documentation(title: str, description: str) -> OpenAPIConfig:
    """The OpenAPI configuration of one service."""
    return OpenAPIConfig(
        title=title,
        version=version("ovia-shared"),
        description=description,
        license=License(name="MIT", identifier="MIT"),
        servers=[Server(url="/")],
        tags=[Tag(name="service", description="What the service says about itself, without a token.")],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="ovia_<id>_<secret>",
                    description="An access token of one organisation: `ovia admin issue-token` makes one.",
                ),
                "basic": SecurityScheme(
                    type="http",
                    scheme="basic",
                    description="The access token as the password, under any user name. Only for opening Grafana.",
                ),
            }
        ),
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/")],
        openapi_router=Router("/openapi.json", route_handlers=[], opt=dict(PUBLIC), include_in_schema=False),
    )


def _response(status: int) -> ResponseSpec:
    description, detail = _MEANINGS[status]
    example = {
        "type": type_of(status),
        "title": title_of(status),
        "status": status,
        "detail": detail,
        "errors": [],
        "request_id": "01a20af0-a147-7024-8fd4-1781055c22fc",
    }
    return ResponseSpec(
        Problem,
        description=description,
        media_type=MEDIA_TYPE,
        generate_examples=False,
        examples=[Example(value=example)],
    )
