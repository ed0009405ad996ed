"""TLS: which certificates are trusted, and what is said of the others."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ovia_shared.errors import InvalidInput, SourceError, SourceFault
from ovia_shared.models.connection import ConnectionKind
from ovia_shared.models.source import SourceCredentials, SourceSettings
from ovia_shared.source_client.checks import check
from tests.source_client.conftest import client_of

NOW = datetime.now(UTC)


class Authority:
    """A company's own certificate authority."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company Authority")])
        self.file = folder / "authority.pem"
        own = self._certificate(self.name, self.key, NOW + timedelta(days=1), [], authority=True)
        self.file.write_bytes(own.public_bytes(Encoding.PEM))

    def server(self, *, host: str = "127.0.0.1", ends_in: float = 1, self_signed: bool = False) -> ssl.SSLContext:
        """What a server needs to show a certificate for the host, ending in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        signer = key if self_signed else self.key
        made = self._certificate(subject, key, NOW + timedelta(days=ends_in), [named], signer=signer)
        file = self.folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + made.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ends: datetime,
        names: list[x509.GeneralName],
        *,
        signer: ec.EllipticCurvePrivateKey | None = None,
        authority: bool = False,
    ) -> x509.Certificate:
        issuer = subject if signer is key or authority else self.name
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=9))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer or key, SHA256())


ServeTls = Callable[[ssl.SSLContext | None], Awaitable[str]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def serve_tls() -> AsyncIterator[ServeTls]:
    """Starts a server that answers `{}`; gives its https address, whether it speaks TLS or not."""
    async with AsyncExitStack() as servers:

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read(1)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        async def start(context: ssl.SSLContext | None) -> str:
            server = await servers.enter_async_context(await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
            return f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


async def test_the_companys_own_authority_is_trusted_when_given(authority: Authority, serve_tls: ServeTls) -> None:
    settings = SourceSettings(ca_file=str(authority.file))
    async with client_of(await serve_tls(authority.server()), settings) as client:
        assert (await client.get("/")).status == 200


@pytest.mark.parametrize(
    ("certificate", "known", "told"),
    [
        ({}, False, "comes from an authority that is not known here; give it with ca_file"),
        ({"self_signed": True}, True, "is self-signed; give its authority with ca_file"),
        ({"ends_in": -1}, True, "has expired"),
        ({"host": "other.example"}, True, "is for another host"),
        ({"host": "10.1.2.3"}, True, "is for another host"),
    ],
)
async def test_a_bad_certificate_fails_at_once_and_says_why(
    authority: Authority, serve_tls: ServeTls, certificate: dict[str, object], known: bool, told: str
) -> None:
    settings = SourceSettings(ca_file=str(authority.file) if known else None)
    base = await serve_tls(authority.server(**certificate))  # type: ignore[arg-type]
    async with client_of(base, settings) as client:
        with pytest.raises(SourceError) as caught:
            await client.get("/")
    assert caught.value.message.startswith(f"Tracker: {base}: its certificate {told}")
    assert (caught.value.fault, client.requests) == (SourceFault.FATAL, 1)


async def test_a_check_tells_of_a_bad_certificate_after_what_worked(authority: Authority, serve_tls: ServeTls) -> None:
    base = await serve_tls(authority.server(ends_in=-1))
    settings = SourceSettings(ca_file=str(authority.file))
    found = await check(ConnectionKind.JIRA, base, settings, SourceCredentials("some-token"))
    assert [(finding.step, finding.ok) for finding in found.findings] == [
        ("address", True),
        ("dns", True),
        ("connect", True),
        ("tls", False),
    ]
    assert "has expired" in found.findings[-1].message


async def test_a_port_without_tls_is_named(serve_tls: ServeTls) -> None:
    async with client_of(await serve_tls(None), SourceSettings(max_tries=1)) as client:
        with pytest.raises(SourceError, match="does not speak TLS as it should; is it http://"):
            await client.get("/")


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "company.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidInput, match=r"the CA file company\.pem cannot be used") as caught:
        async with client_of("https://tracker.example", SourceSettings(ca_file=str(file))):
            pass
    assert caught.value.field == "ca_file"
