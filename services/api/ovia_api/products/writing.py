"""What is done to products, and put on record."""

from typing import Any
from uuid import UUID

import msgspec

from ovia_shared.database import audit_log, products
from ovia_shared.database.pool import Connection
from ovia_shared.errors import InvalidInput, NotFound
from ovia_shared.models.caller import Caller
from ovia_shared.models.product import NewProduct, Product
from ovia_shared.web import etags


class ProductActions:
    """The actions of one request: its transaction, who asks, and the request's id for the record."""

    def __init__(self, conn: Connection, caller: Caller, request_id: str) -> None:
        self._conn = conn
        self._org_id = caller.org_id
        self._caller = caller
        self._request_id = request_id

    async def add(self, wanted: NewProduct) -> Product:
        """Adds a product. Raises `Conflict` for a name that is taken."""
        new = await self._checked(wanted)
        product_id = await products.add(self._conn, self._org_id, new.name, new.description)
        await products.set_projects(self._conn, self._org_id, product_id, new.projects)
        await self._record("create", product_id, msgspec.to_builtins(new))
        return await self._found(product_id)

    async def change(self, product_id: UUID, wanted: NewProduct, condition: str | None) -> Product:
        """Makes a product what is wanted, if `condition` names the version there is."""
        known = await self._found(product_id, lock=True)
        etags.require_match(condition, known.version)
        new = await self._checked(wanted)
        await products.put(self._conn, self._org_id, product_id, new.name, new.description)
        await products.set_projects(self._conn, self._org_id, product_id, new.projects)
        await self._record("change", product_id, msgspec.to_builtins(new) | {"was": known.name})
        return await self._found(product_id)

    async def put_away(self, product_id: UUID, condition: str | None) -> None:
        """Deletes a product, if `condition` names the version there is."""
        known = await self._found(product_id, lock=True)
        etags.require_match(condition, known.version)
        await products.put_away(self._conn, self._org_id, product_id)
        await self._record("delete", product_id, {"name": known.name})

    async def _checked(self, wanted: NewProduct) -> NewProduct:
        name = wanted.name.strip()
        if not name:
            raise InvalidInput("the name is empty", field="name")
        missing = await products.unknown(self._conn, self._org_id, wanted.projects)
        if missing:
            faults = [(f"projects[{place}]", "there is no such project") for place in missing]
            raise InvalidInput("some of the projects are not known here", faults=faults)
        return msgspec.structs.replace(wanted, name=name)

    async def _found(self, product_id: UUID, *, lock: bool = False) -> Product:
        found = await products.find_one(self._conn, self._org_id, product_id, lock=lock)
        if found is None:
            raise not_there()
        return found

    async def _record(self, action: str, product_id: UUID, detail: dict[str, Any]) -> None:
        await audit_log.record(
            self._conn,
            self._org_id,
            actor=self._caller.name,
            action=action,
            subject_kind="product",
            subject_id=product_id,
            detail=detail,
            request_id=self._request_id,
        )


def not_there() -> NotFound:
    """Said of a product that is not there, or another organisation's."""
    return NotFound("there is no such product")
