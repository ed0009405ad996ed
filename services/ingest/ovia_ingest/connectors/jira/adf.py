"""Atlassian documents (ADF, a JSON tree) and wiki texts as plain text."""

from typing import Any

BLOCKS = frozenset(
    {
        "paragraph",
        "heading",
        "blockquote",
        "codeBlock",
        "listItem",
        "tableRow",
        "rule",
        "panel",
        "mediaSingle",
        "taskItem",
    }
)
MOST_NODES = 100_000


def text_of(value: Any) -> str | None:
    """The text of a document, a block a line; a plain string is given back as it is. None if there is none."""
    if value is None or isinstance(value, str):
        return value
    parts: list[str] = []
    # A stack, not recursion: documents from outside may be nested as deep as they please.
    waiting: list[Any] = [value]
    for _ in range(MOST_NODES):
        if not waiting:
            break
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            _open(node, parts, waiting)
    return "".join(parts).strip() or None


def _open(node: dict[str, Any], parts: list[str], waiting: list[Any]) -> None:
    kind = node.get("type")
    attributes = node.get("attrs")
    attributes = attributes if isinstance(attributes, dict) else {}
    match kind:
        case "text":
            parts.append(str(node.get("text") or ""))
        case "hardBreak":
            parts.append("\n")
        case "mention" | "emoji" | "status" | "date":
            parts.append(str(attributes.get("text") or attributes.get("shortName") or ""))
        case "inlineCard" | "blockCard":
            parts.append(str(attributes.get("url") or ""))
        case "heading":
            level = attributes.get("level")
            parts.append("#" * (level if isinstance(level, int) and 0 < level < 7 else 1) + " ")
        case "listItem" | "taskItem":
            parts.append("- ")
    if kind in BLOCKS:
        waiting.append("\n")
    elif kind in ("tableCell", "tableHeader"):
        waiting.append(" | ")
    content = node.get("content")
    if isinstance(content, list):
        waiting.extend(reversed(content))
