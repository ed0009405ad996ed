"""Products over HTTP, and the projects they are made of."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg, PathParameter, QueryParameter, SkipValidation

from ovia_api.products.writing import ProductActions, not_there
from ovia_shared.database import products
from ovia_shared.database.pool import Connection
from ovia_shared.models.caller import Caller
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.product import NewProduct, Product, ProductPosition, Project, ProjectFilter, ProjectPosition
from ovia_shared.models.token import Role
from ovia_shared.web.authentication import requires
from ovia_shared.web.documentation import SECURITY, problems_of
from ovia_shared.web.etags import ETAG, IfMatch, etag
from ovia_shared.web.idempotency import Write
from ovia_shared.web.paging import CursorText, Limit, Page, Paging

ProductId = Annotated[UUID, PathParameter(description="The product's id.")]

_products = Paging[Product, ProductPosition](
    "products", ProductPosition, lambda product: ProductPosition(product.name, product.id)
)
_projects = Paging[Project, ProjectPosition](
    "projects", ProjectPosition, lambda one: ProjectPosition(one.name, one.connection_id, one.external_id)
)
_PRODUCT = [
    Example(
        value={
            "name": "Glider",
            "projects": [{"connection_id": "01a20af7-18f0-7c1e-9b0a-52a1c3f6d7e8", "external_id": "10001"}],
        }
    )
]


async def product_actions_of(
    request: Request[Any, Any, Any],
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
) -> ProductActions:
    """What this request may do to products, once its role is proven."""
    return ProductActions(conn, caller, request.scope["state"]["request_id"])


@get(
    "/team/projects",
    guards=[requires(Role.VIEWER)],
    operation_id="list_projects",
    tags=["products"],
    summary="Projects and spaces, by name",
    security=SECURITY,
    responses=problems_of(),
)
async def list_projects(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    source: Annotated[ConnectionKind | None, QueryParameter(description="Only from such a source.")] = None,
    connection: Annotated[UUID | None, QueryParameter(description="Only what this connection reads.")] = None,
    text: Annotated[
        str | None,
        QueryParameter(name="search", min_length=1, max_length=200, description="Occurs in name or key."),
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Project]:
    """Everything a product can be made of: Jira projects, GitLab projects, Confluence spaces."""
    wanted = ProjectFilter(source, connection, text)
    begun = _projects.read(cursor, wanted)
    rows = await products.find_projects(conn, caller.org_id, wanted, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await products.count_projects(conn, caller.org_id, wanted)
    return _projects.page(rows, limit, total, wanted)


@get(
    "/team/products",
    guards=[requires(Role.VIEWER)],
    operation_id="list_products",
    tags=["products"],
    summary="Products, by name",
    security=SECURITY,
    responses=problems_of(),
)
async def list_products(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[Product]:
    """Every product with the projects it is made of."""
    begun = _products.read(cursor)
    rows = await products.find(conn, caller.org_id, begun.after if begun else None, limit + 1)
    total = begun.total if begun else await products.count(conn, caller.org_id)
    return _products.page(rows, limit, total)


@get(
    "/team/products/{product_id:uuid}",
    guards=[requires(Role.VIEWER)],
    operation_id="read_product",
    tags=["products"],
    summary="A product",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404),
)
async def read_product(
    conn: NamedDependency[SkipValidation[Connection]],
    caller: NamedDependency[SkipValidation[Caller]],
    product_id: ProductId,
) -> Response[Product]:
    """One product. Its ETag goes into If-Match of a change."""
    found = await products.find_one(conn, caller.org_id, product_id)
    if found is None:
        raise not_there()
    return _shown(found)


@post(
    "/team/products",
    guards=[requires(Role.MANAGER)],
    operation_id="add_product",
    operation_class=Write,
    tags=["products"],
    summary="Add a product",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(409, 413),
)
async def add_product(
    doing: NamedDependency[SkipValidation[ProductActions]],
    data: Annotated[NewProduct, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_PRODUCT)],
) -> Response[Product]:
    """Adds a product. A project may belong to several; one that is not known is refused with 422."""
    added = await doing.add(data)
    return _shown(added, 201, Location=f"/team/products/{added.id}")


@put(
    "/team/products/{product_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="change_product",
    operation_class=Write,
    tags=["products"],
    summary="Change name or projects",
    security=SECURITY,
    response_headers=ETAG,
    responses=problems_of(404, 409, 412, 413, 428),
)
async def change_product(
    doing: NamedDependency[SkipValidation[ProductActions]],
    product_id: ProductId,
    data: Annotated[NewProduct, BodyKwarg(media_type=RequestEncodingType.JSON, examples=_PRODUCT)],
    if_match: IfMatch = None,
) -> Response[Product]:
    """Makes the product what the body says, with these projects and no others."""
    return _shown(await doing.change(product_id, data, if_match))


@delete(
    "/team/products/{product_id:uuid}",
    guards=[requires(Role.MANAGER)],
    operation_id="delete_product",
    operation_class=Write,
    tags=["products"],
    summary="Delete a product",
    security=SECURITY,
    responses=problems_of(404, 412, 409, 413, 428),
)
async def delete_product(
    doing: NamedDependency[SkipValidation[ProductActions]], product_id: ProductId, if_match: IfMatch = None
) -> None:
    """Takes the product out of every list. Its projects stay as they are."""
    await doing.put_away(product_id, if_match)


def _shown(product: Product, status: int = 200, **headers: str) -> Response[Product]:
    return Response(product, status_code=status, headers=etag(product.version) | headers)


PRODUCTS = [list_projects, list_products, read_product, add_product, change_product, delete_product]
