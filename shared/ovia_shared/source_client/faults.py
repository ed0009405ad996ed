"""Why there was no answer that can be used, in sentences for the person who must mend it."""

import ssl

import aiohttp
from yarl import URL

from ovia_shared.errors import SourceError, SourceFault
from ovia_shared.models.source import SourceSettings
from ovia_shared.source_client.addresses import origin
from ovia_shared.source_client.transport import LinkLocalRefused

# OpenSSL's numbers for what is wrong with a certificate.
_CERTIFICATE_FAULTS = {
    9: "is not valid yet; is the clock right?",
    10: "has expired; renew it at the source",
    18: "is self-signed; give its authority with ca_file",
    19: "comes from an authority that is not known here; give it with ca_file",
    20: "comes from an authority that is not known here; give it with ca_file",
    21: "comes from an authority that is not known here; give it with ca_file",
    62: "is for another host; use the name it was made for",
    64: "is for another host; use the name it was made for, not an IP address",
}


class NoAnswer(SourceError):
    """No answer came, or none that can be used. `step` is how far it got; `again` whether another try may help."""

    def __init__(
        self, message: str, *, step: str = "reach", again: bool = True, fault: SourceFault = SourceFault.RETRIABLE
    ) -> None:
        super().__init__(message, fault=fault)
        self.step = step
        self.again = again

    @property
    def unreachable(self) -> bool:
        """Whether the source was not even reached: whatever is asked of it next will fare no better."""
        return self.step in {"address", "dns", "connect", "tls"}

    def after(self, tries: int) -> "NoAnswer":
        """The same, saying how often it was tried."""
        message = self.message if tries < 2 else f"{self.message} (tried {tries} times)"
        return type(self)(message, step=self.step, again=self.again, fault=self.fault)


class NotJson(NoAnswer):
    """A success that is no JSON: most often a web page."""


def explain(error: Exception, name: str, url: URL, settings: SourceSettings, proxy: URL | None) -> NoAnswer:
    """What a fault of the connection means. Nothing of the library's own message is passed on: it may quote URLs."""
    there = f"{name}: {origin(url)}"
    # Where a proxy resolves names and connects, faults of the connection are its own.
    here = there if proxy is None else f"{name}: the proxy {origin(proxy)}"
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            return _unconnected(error, there, here)
        case aiohttp.ConnectionTimeoutError():
            return NoAnswer(
                f"{here} does not accept a connection within {settings.timeout_seconds:g} s", step="connect"
            )
        case aiohttp.ClientHttpProxyError():
            return _proxy(error.status, f"{name}: the proxy {origin(proxy) if proxy else ''}")
        case aiohttp.InvalidURL():
            return _lasting(f"{there}: the address cannot be used; write the host plainly", "address")
        case TimeoutError():
            return NoAnswer(f"{there}{url.raw_path} takes longer than {settings.timeout_seconds:g} s to answer")
        case aiohttp.ClientPayloadError():
            return NoAnswer(f"{there}{url.raw_path}: the connection was lost before the answer was whole")
        case _:
            return NoAnswer(f"{there}{url.raw_path} answered something that is not HTTP")


def _unconnected(error: Exception, there: str, here: str) -> NoAnswer:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            code = getattr(error.certificate_error, "verify_code", None)
            return _lasting(
                f"{there}: its certificate {_CERTIFICATE_FAULTS.get(code or 0, 'cannot be verified')}", "tls"
            )
        case aiohttp.ClientConnectorDNSError():
            return NoAnswer(f"{here}: the name cannot be resolved; is it spelt right?", step="dns")
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return NoAnswer(f"{there} does not speak TLS as it should; is it http://, or another port?", step="tls")
        case aiohttp.ClientConnectorError(os_error=LinkLocalRefused()):
            return _lasting(
                f"{here} leads to an address of the machine itself, which is refused; "
                "set allow_link_local if that is meant",
                "address",
            )
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return NoAnswer(f"{here} refuses the connection; is the port right?", step="connect")
        case _:
            return NoAnswer(f"{here} cannot be reached from here", step="connect")


def _lasting(message: str, step: str) -> NoAnswer:
    return NoAnswer(message, step=step, again=False, fault=SourceFault.FATAL)


def _proxy(status: int, here: str) -> NoAnswer:
    if status == 407:
        return _lasting(f"{here} wants other credentials (407); mend the user and password in its address", "connect")
    if 400 <= status < 500:
        return _lasting(f"{here} refuses to connect there ({status})", "connect")
    return NoAnswer(f"{here} could not connect ({status})", step="connect")


def not_json(name: str, path: str, body: bytes) -> NotJson:
    """A success whose body is no JSON."""
    if body.lstrip()[:1] == b"<":
        what = "a web page instead of JSON: is a login page or a proxy in front?"
    elif not body:
        what = "nothing at all"
    else:
        what = "something that is not JSON, or not all of it"
    return NotJson(f"{name}: {path} answered {what}")
