"""A certificate authority for one life of the demo cluster, since kubectl sends no token without TLS."""

import ipaddress
import ssl
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_Key = ec.EllipticCurvePrivateKey


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: str, issuer: str, key: _Key, issuer_key: _Key, *, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def make_tls(hosts: Iterable[str] = (), *, now: datetime | None = None) -> tuple[str, ssl.SSLContext]:
    """The authority's certificate in PEM, and a server context for 127.0.0.1, localhost and these hosts.

    The server's certificate is made at `now`, for a year. Without `now` a process makes it once for the same hosts.
    """
    return _made(tuple(hosts)) if now is None else _make(tuple(hosts), now=now)


@lru_cache
def _made(hosts: tuple[str, ...]) -> tuple[str, ssl.SSLContext]:
    return _make(hosts, now=datetime.now(UTC))


def _make(hosts: tuple[str, ...], *, now: datetime) -> tuple[str, ssl.SSLContext]:
    present = datetime.now(UTC)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = "headway demo cluster"
    root = (
        _builder(issuer, issuer, authority, authority, now=present)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [
        _host("127.0.0.1"),
        _host("localhost"),
        *map(_host, hosts),
    ]
    leaf = (
        _builder("127.0.0.1", issuer, key, authority, now=now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return root.public_bytes(serialization.Encoding.PEM).decode(), _context(leaf, key)


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _context(leaf: x509.Certificate, key: _Key) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + secret)
        context.load_cert_chain(path)
    return context
