"""What a source's no means, and what to mend."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ovia_shared.errors import SourceRefused
from ovia_shared.source_client.answer import Answer
from ovia_shared.source_client.credentials import hide

_LONGEST_QUOTE = 300

# Jira answers a wrong token as it would answer nobody, with 200, and says so only here.
_LOGIN_HEADERS = ("X-Seraph-LoginReason", "X-Authentication-Denied-Reason")
_LOGIN_FAILED = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "CAPTCHA_CHALLENGE")


def login_failed(answer: Answer) -> bool:
    """Whether the source answered somebody else than us because it did not accept the credentials."""
    told = " ".join(answer.header(name) or "" for name in _LOGIN_HEADERS)
    return any(reason in told for reason in _LOGIN_FAILED)


def refusal(name: str, answer: Answer, secrets: Iterable[str]) -> SourceRefused:
    """The error for an answer of 4xx, or for one that was given to nobody in particular."""
    status = 401 if login_failed(answer) else answer.status
    said = own_message(answer.body, secrets)
    match status:
        case 401:
            hint = _unauthenticated(answer)
        case 403:
            hint = _forbidden(answer, said)
        case 404:
            hint = "there is nothing, or nothing this account may see; check the base URL and the account's rights"
        case 410:
            hint = "the source no longer offers this"
        case 413 | 414:
            hint = "the request is too large for the source"
        case _:
            hint = "the source does not accept the request"
    quoted = f'; it says "{said}"' if said else ""
    return SourceRefused(f"{name}: {status} for {answer.path}: {hint}{quoted}", status=status)


def _unauthenticated(answer: Answer) -> str:
    if "CAPTCHA" in (answer.header("X-Authentication-Denied-Reason") or ""):
        return "a CAPTCHA waits for this account; log in once in a browser"
    return (
        "the credentials are missing, wrong, expired or revoked; enter a new token (credentials.token of the "
        "connection, or JIRA_API_TOKEN, GITLAB_PRIVATE_TOKEN, CONFLUENCE_API_TOKEN) and check the user it belongs to"
    )


def _forbidden(answer: Answer, said: str) -> str:
    if "insufficient_scope" in said or "insufficient_scope" in (answer.header("WWW-Authenticate") or ""):
        return "the token lacks a scope; make one with read_api"
    return "the account lacks the permission to read this; grant it, or use another account's token"


def own_message(body: bytes, secrets: Iterable[str]) -> str:
    """The source's own explanation, on one line, cut, without our secrets; empty where there is none."""
    try:
        told = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return ""
    # Hidden before it is cut: half a token is still a secret.
    text = hide(" ".join("; ".join(_sentences(told, 0)).split()), secrets)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _sentences(told: Any, depth: int) -> list[str]:
    """The texts under the names by which Jira, GitLab and Confluence explain themselves."""
    if isinstance(told, str):
        return [told] if told.strip() else []
    if depth > 3:
        return []
    if isinstance(told, list):
        return [text for part in told[:5] for text in _sentences(part, depth + 1)]
    if not isinstance(told, dict):
        return []
    found: list[str] = []
    for key in ("errorMessages", "errors", "error", "message", "error_description", "title", "detail", "scope"):
        value = told.get(key)
        if key in ("errors", "message") and isinstance(value, dict):
            # {"errors": {"jql": "The field …"}}: the names are the source's own.
            named = [f"{part}: {text}" for part, inner in value.items() for text in _sentences(inner, depth + 1)]
            found += named[:5]
        else:
            found += _sentences(value, depth + 1)
    return list(dict.fromkeys(found))
