"""Structured logs on standard output, one JSON object a line, with secrets removed.

Every record passes `redact`: a token, a password in a URL or an authorization header never leaves the process,
however it got into an event.
"""

import logging
import re
import sys
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

_SECRET_PATTERNS = (
    (re.compile(r"ovia_[a-z2-7]{52}_[a-z2-7]{52}"), f"ovia_{MASK}"),
    # Up to the last @ of the address: a password may hold one that nobody escaped.
    (re.compile(r"(?<=://)[^/\s]+(?=@)"), MASK),
    (
        re.compile(r"(?i)\b(private[-_]token|access[-_]token|api[-_]?key|password|secret)(\s*[=:]\s*)[^\s&,;]+"),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"\b(glpat-|gh[opsur]_|github_pat_|ATATT)[A-Za-z0-9_=.-]{10,}"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
)
# Each pattern needs one of these in the text. Most texts have none, every log line passes here, and looking for
# them takes a tenth of the time.
_SECRET_HINTS = (
    "ovia_", "://", "token", "key", "passw", "secret", "glpat-", "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_",
    "atatt", "bearer", "basic",
)  # fmt: skip
_SECRET_NAMES = re.compile(
    r"(?i)(passw(or)?d|secret|authorization|(private|api|access|refresh)[-_ ]?token|api[-_ ]?key|credentials|cookie)"
)

# No number is a secret of ours, whatever it is called.
_HARMLESS = (bool, int, float)


def mask(text: str) -> str:
    """The text with everything that looks like a secret replaced by `***`."""
    folded = text.casefold()
    for hint in _SECRET_HINTS:
        if hint in folded:
            break
    else:
        return text
    for pattern, replacement in _SECRET_PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact(_: WrappedLogger | None, __: str, event: EventDict) -> EventDict:
    """structlog processor: masks values by their name and by their look, at any depth."""
    return {key: _clean(key, value) for key, value in event.items()}


# The same few names come with every line.
@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return _SECRET_NAMES.search(key) is not None


def _clean(key: str, value: Any) -> Any:
    if value is None or isinstance(value, _HARMLESS):
        return value
    if _names_a_secret(key):
        return MASK
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {inner: _clean(str(inner), content) for inner, content in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(key, item) for item in value]
    return mask(str(value))


def configure(service: str, level: str, *more: Processor) -> None:
    """Sends every log of this process, our own and the libraries', through one JSON renderer.

    `more` are processors that add to each event, such as the ids of its trace.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        *more,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_service(service),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        # Straight to the output, not through the standard library: a request's log line is a good part of its cost.
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _as_json(event: EventDict, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _name_service(service: str) -> Any:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add
