"""Which addresses a source may have."""

import ipaddress

from yarl import URL

from ovia_shared.errors import InvalidInput

# Where clouds give out the credentials of the machine to whoever asks from it.
_MACHINE_ONLY = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::254/128"),
    ipaddress.ip_network("fd20:ce::254/128"),
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def base_address(text: str, *, allow_link_local: bool = False) -> URL:
    """The base URL of a source, without a slash at its end. Raises `InvalidInput` on the field `base_url`."""
    try:
        url = URL(text.strip())
        port = url.port
    except ValueError:
        raise _wrong("is not a URL; it looks like https://jira.company.example") from None
    if url.scheme not in ("http", "https"):
        raise _wrong("has to begin with https:// or http://")
    if not url.host or not url.raw_host or any(c.isspace() for c in text.strip()) or not text.strip().isprintable():
        raise _wrong("has no valid host; it looks like https://jira.company.example")
    if port == 0:
        raise _wrong("has a port that cannot be")
    if url.user is not None or url.password is not None:
        raise _wrong("must not hold a user name or a password; they belong in the credentials")
    if "?" in text or "#" in text:
        raise _wrong("must not hold a ? or a #; give the address before them")
    if not allow_link_local and is_link_local(url.host):
        raise _wrong(f"is {url.host}, an address of the machine itself; set allow_link_local if that is meant")
    return URL(str(url).rstrip("/"), encoded=True)


def _wrong(what: str) -> InvalidInput:
    return InvalidInput(f"the base URL {what}", field="base_url")


def is_link_local(host: str) -> bool:
    """Whether this IP address, however wrapped, is link-local or a cloud's metadata service. Names are not."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return any(inner in network for inner in _unwrapped(address) for network in _MACHINE_ONLY)


def _unwrapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address itself and the IPv4 addresses that it leads to."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        found += [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
        if address in _NAT64:
            found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def same_origin(one: URL, other: URL) -> bool:
    """Whether scheme, host and port are the same."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def origin(url: URL) -> str:
    """Scheme, host and port, as they may be shown."""
    return str(url.with_user(None).origin())
