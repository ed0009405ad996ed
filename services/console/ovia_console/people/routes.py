"""The handlers of people."""

from typing import Any

from ovia_console.people import accounts, decisions, editing, importing, listing, looks, merging, page

HANDLERS: list[Any] = [
    listing.show,
    page.show,
    looks.show,
    editing.new,
    editing.add,
    editing.edit,
    editing.save,
    editing.set_status,
    editing.delete,
    accounts.show,
    accounts.link,
    accounts.unlink,
    accounts.contest,
    decisions.show,
    decisions.undo,
    merging.show,
    merging.merge,
    importing.ask,
    importing.take,
]
