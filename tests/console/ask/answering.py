"""An answer to show, with whatever a test needs of it."""

from typing import Any

import msgspec

from ovia_console.ask.answers import Answer

BARE: dict[str, Any] = {
    "id": "01a21e56-9cfe-76ab-ad32-c2f4830c0e23",
    "question": "What is written about payments?",
    "filters": {},
    "outcome": "answered",
    "plan": {"language": "en", "intent": "knowledge"},
    "statements": [],
    "citations": [],
    "confidence": None,
    "assumptions": [],
    "looked_at": [],
    "follow_ups": [],
    "notes": [],
    "as_of": "2026-11-27T18:48:42Z",
    "milliseconds": 143,
    "created_at": "2026-11-27T18:48:42Z",
}


def answer(**told: Any) -> Answer:
    """One that says nothing but what is told."""
    return msgspec.convert({**BARE, **told}, Answer)


def passage(number: int, source: str, **told: Any) -> dict[str, Any]:
    """A citation of a document."""
    origin = {"kind": "document", "external_id": source, "part": "body"}
    return {"number": number, "kind": "passage", "title": f"Page {source}", "excerpt": "…", "source": origin, **told}
