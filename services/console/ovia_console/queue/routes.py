"""The handlers of queue."""

from typing import Any

from ovia_console.queue import account, bulk, choosing, deciding, drawer, export, linking, listing

HANDLERS: list[Any] = [
    listing.show,
    listing.stats,
    listing.rates,
    export.download,
    bulk.preview,
    bulk.confirm,
    drawer.show,
    account.show,
    choosing.remap,
    choosing.people,
    choosing.split,
    choosing.link,
    deciding.undo,
    linking.link,
    linking.machine,
    deciding.decide,
]
