"""One text in the four markups of the sources: Atlassian documents, wiki markup, Markdown, storage format."""

from collections.abc import Callable
from html import escape
from typing import Any

from ovia_demo.organisation.model import Account, Block, Text

# The account that stands for an actor in a mention, if there is one.
Lookup = Callable[[str], Account | None]


def document(text: Text, lookup: Lookup) -> dict[str, Any] | None:
    """An Atlassian document (ADF), as Jira Cloud gives descriptions and comments. None for an empty text."""
    if not text:
        return None
    return {"type": "doc", "version": 1, "content": [_node(block, lookup) for block in text]}


def _node(block: Block, lookup: Lookup) -> dict[str, Any]:
    match block.kind:
        case "h":
            return {"type": "heading", "attrs": {"level": 3}, "content": [_words(block.text)]}
        case "ul":
            items = [{"type": "listItem", "content": [_paragraph(_words(item))]} for item in block.items]
            return {"type": "bulletList", "content": items}
        case "code":
            return {"type": "codeBlock", "attrs": {"language": "python"}, "content": [_words(block.text)]}
        case "quote":
            return {"type": "blockquote", "content": [_paragraph(_words(block.text))]}
        case "mention":
            account = lookup(block.text)
            if account is None:
                return _paragraph(_words("FYI"))
            attributes = {"id": account.external_id, "text": f"@{account.name}", "accessLevel": ""}
            return _paragraph(_words("FYI "), {"type": "mention", "attrs": attributes})
        case _:
            return _paragraph(_words(block.text))


def _paragraph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(nodes)}


def _words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def wiki(text: Text, lookup: Lookup) -> str | None:
    """Jira's wiki markup, as Data Center gives it."""
    parts = []
    for block in text:
        match block.kind:
            case "h":
                parts.append(f"h3. {block.text}")
            case "ul":
                parts.append("\n".join(f"* {item}" for item in block.items))
            case "code":
                parts.append(f"{{code:python}}\n{block.text}\n{{code}}")
            case "quote":
                parts.append(f"{{quote}}{block.text}{{quote}}")
            case "mention":
                account = lookup(block.text)
                parts.append("FYI" if account is None else f"FYI [~{account.username}]")
            case _:
                parts.append(block.text)
    return "\r\n\r\n".join(parts) or None


def markdown(text: Text, lookup: Lookup) -> str:
    """GitLab's Markdown."""
    parts = []
    for block in text:
        match block.kind:
            case "h":
                parts.append(f"### {block.text}")
            case "ul":
                parts.append("\n".join(f"- [ ] {item}" for item in block.items))
            case "code":
                parts.append(f"```python\n{block.text}\n```")
            case "quote":
                parts.append(f"> {block.text}")
            case "mention":
                account = lookup(block.text)
                parts.append("FYI" if account is None else f"FYI @{account.username}")
            case _:
                parts.append(block.text)
    return "\n\n".join(parts)


def storage(text: Text, mention: Callable[[str], str]) -> str:
    """Confluence's storage format; `mention` writes a link to a user."""
    parts = []
    for block in text:
        match block.kind:
            case "ul":
                parts.append("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>")
            case "quote":
                parts.append(f"<blockquote><p>{escape(block.text)}</p></blockquote>")
            case "mention":
                parts.append(f"<p>FYI {mention(block.text)}</p>")
            case _:
                parts.append(f"<p>{escape(block.text)}</p>")
    return "".join(parts)
