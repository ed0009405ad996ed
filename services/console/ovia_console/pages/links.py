"""Addresses that sources gave."""


def web_address(url: str | None) -> str:
    """An address on the web as it is; nothing for any other: a source may hold `javascript:` in its place."""
    return url if url and url.lower().startswith(("https://", "http://")) else ""
