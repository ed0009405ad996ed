"""The handlers of dashboard."""

from typing import Any

from ovia_console.dashboard import cards, changes, exporting, kpi, listing, receipts, risks, trends, why

HANDLERS: list[Any] = [
    cards.show,
    trends.show,
    changes.show,
    risks.show_top,
    risks.show_all,
    listing.show,
    kpi.show,
    kpi.show_rows,
    why.show,
    exporting.export_rows,
    exporting.export_trend,
    receipts.show,
    receipts.replay,
]
