"""The handlers of teams and products."""

from typing import Any

from ovia_console.teams import editing, members, memberships, page, products, transfer

HANDLERS: list[Any] = [
    page.show,
    page.team,
    editing.new,
    editing.add,
    editing.edit,
    editing.save,
    editing.delete,
    members.ask,
    members.add,
    memberships.show,
    memberships.correct,
    memberships.move,
    memberships.take_back,
    products.new,
    products.add,
    products.show,
    products.save,
    products.add_project,
    products.remove_project,
    products.delete,
    transfer.ask,
    transfer.take,
    transfer.export,
]
