"""Whether a delivery comes from whom it says: the signatures of GitLab and Jira, compared in constant time.

GitLab signs as Standard Webhooks describes (https://www.standardwebhooks.com): HMAC-SHA256 over
`id.timestamp.body`. Older ones send the secret itself. Jira signs the body alone.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

import msgspec

from ovia_shared.models.webhook import NewDelivery

# A signed delivery older than this, or from a clock so far ahead, is somebody else's copy.
TOLERANCE_SECONDS = 300

PREFIX = "whsec_"
# What a check is done with where there is no secret, so that it takes as long.
NO_SECRET = "whsec_bm8gc2VjcmV0IGhlcmUsIG9ubHkgaXRzIGxlbmd0aA=="  # noqa: S105 (worth nothing)

_PLAIN = re.compile("[!-~]{1,255}")
_EVENT = re.compile(r"[A-Za-z0-9 _.:-]{1,100}")

Headers = Mapping[str, str]
Proof = Callable[[str, Headers, bytes, float], NewDelivery | None]


class _JiraEvent(msgspec.Struct):
    webhookEvent: str = ""  # noqa: N815 (Jira's spelling)


def gitlab(secret: str, headers: Headers, body: bytes, now: float) -> NewDelivery | None:
    """The delivery, if its signature or its token is right; None otherwise. `now` is in seconds since 1970."""
    event = _event(headers.get("x-gitlab-event", ""))
    if _standard(secret, headers, body, now):
        # Signed with the rest: nobody can give a copy another one.
        return NewDelivery(_identifier(headers["webhook-id"]), event, body, None)
    if hmac.compare_digest(headers.get("x-gitlab-token", "").encode("utf-8"), secret.encode()):
        given = headers.get("x-gitlab-event-uuid") or headers.get("webhook-id")
        return NewDelivery(_identifier(given) if given else _digest(body).hex(), event, body, None)
    return None


def jira(secret: str, headers: Headers, body: bytes, now: float) -> NewDelivery | None:  # noqa: ARG001 (all proofs take the same)
    """The delivery, if the body is signed with the secret; None otherwise."""
    method, _, given = headers.get("x-hub-signature", "").partition("=")
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.strip().lower().encode("utf-8"), right.encode()) or method.strip() != "sha256":
        return None
    named = headers.get("x-atlassian-webhook-identifier")
    digest = _digest(body)
    return NewDelivery(_identifier(named) if named else digest.hex(), _jira_event(body), body, digest)


def _standard(secret: str, headers: Headers, body: bytes, now: float) -> bool:
    identifier, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signed = b".".join([identifier.encode("latin-1", "replace"), moment.encode("latin-1", "replace"), body])
    right = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    given = [one[3:] for one in headers.get("webhook-signature", "").split()[:16] if one.startswith("v1,")]
    # Every one is compared, so that the time taken tells nothing about which was right.
    matches = [hmac.compare_digest(one.encode("utf-8"), right) for one in given]
    return any(matches) and bool(identifier) and _is_recent(moment, now)


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) or secret.encode()
    except binascii.Error:
        return secret.encode()


def _is_recent(moment: str, now: float) -> bool:
    return re.fullmatch("[0-9]{1,12}", moment) is not None and abs(now - int(moment)) <= TOLERANCE_SECONDS


def _identifier(given: str) -> str:
    return given if _PLAIN.fullmatch(given) else _digest(given.encode("utf-8", "replace")).hex()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _event(given: str) -> str:
    return given if _EVENT.fullmatch(given) else "unknown"


def _jira_event(body: bytes) -> str:
    try:
        return _event(msgspec.json.decode(body, type=_JiraEvent).webhookEvent)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Signed, and yet not what Jira sends: it is kept as it is, and looked at by whoever reads it.
        return "unknown"
