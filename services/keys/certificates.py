"""TLS on one machine without anyone's help: a local authority, and a server certificate under it.

The authority (EC P-256, 10 years) may certify only the names it was made for (RFC 5280 name constraints),
so that trusting it trusts nothing else. The server certificate lasts 397 days at most and is renewed, with
a new key, when fewer than 30 are left, when the names change, or when a file does not fit the others.
"""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.keys.errors import KeysError

AUTHORITY_LIFETIME: Final = timedelta(days=3650)
SERVER_LIFETIME: Final = timedelta(days=397)
RENEWED_BEFORE_END: Final = timedelta(days=30)
_BACKDATED: Final = timedelta(hours=1)  # for clients whose clock is behind

_MAX_NAME_CHARACTERS: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_ISSUER: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Redwell local authority")])


class CertificateError(KeysError):
    """A certificate cannot be made or kept: a name is not one, or the folder cannot be written."""


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where the certificates lie.

    Attributes:
        ca: the authority's certificate, for clients to trust.
        chain: the server's certificate and the authority's.
        key: the server's secret key.
    """

    ca: Path
    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Validity:
    """What a certificate says of itself. `local`: our own authority issued it."""

    names: tuple[str, ...]
    begins_at: datetime
    ends_at: datetime
    local: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


def ensure_certificates(directory: Path, names: Sequence[str], now: datetime) -> CertificatePaths:
    """Make or renew what is needed, and nothing else.

    Args:
        directory: made with mode 0700 if missing.
        names: the host names and IP addresses clients use.
        now: aware time.

    Raises:
        CertificateError: a name is not a host name or address, or the folder cannot be written.
    """
    wanted = [_general_name(name) for name in sorted(set(names))]
    if not wanted:
        raise CertificateError("A server certificate needs a name.")
    paths = CertificatePaths(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _ensure_authority(directory, wanted, now)
        server = _read_pair(paths.chain, paths.key)
        if server is None or not _is_good_server(server, authority, wanted, now):
            server = _issue_server(authority, wanted, now)
            _write_pair(paths.chain, paths.key, server, authority.certificate)
    except OSError as exc:
        raise CertificateError(f"{directory} cannot be written: {exc.strerror}.") from exc
    return paths


def read_validity(chain: Path) -> Validity:
    """Names and times of the first certificate in a PEM file.

    Raises:
        CertificateError: the file cannot be read, or holds no certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    except OSError as exc:
        raise CertificateError(f"The certificate {chain} cannot be read: {exc.strerror}.") from exc
    except (ValueError, IndexError) as exc:
        raise CertificateError(f"{chain} does not hold a PEM certificate.") from exc
    names = _extension(certificate, x509.SubjectAlternativeName)
    return Validity(
        tuple(str(name.value) for name in names or ()),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.issuer == _ISSUER,
    )


def _ensure_authority(directory: Path, names: list[x509.GeneralName], now: datetime) -> _Pair:
    certificate, key = directory / "ca.pem", directory / "ca.key"
    authority = _read_pair(certificate, key)
    permitted = [] if authority is None else _permitted(authority.certificate)
    added = [subtree for subtree in map(_subtree, names) if subtree not in permitted]
    if authority is None or added or not _is_current(authority.certificate, now):
        # Names it was good for stay: going back and forth between two sets makes no third authority.
        authority = _issue_authority(permitted + added, now)
        _write_pair(certificate, key, authority)
    return authority


def _permitted(certificate: x509.Certificate) -> list[x509.GeneralName]:
    constraints = _extension(certificate, x509.NameConstraints)
    return list(constraints.permitted_subtrees or ()) if constraints else []


def _is_good_server(server: _Pair, authority: _Pair, names: list[x509.GeneralName], now: datetime) -> bool:
    alternative_names = _extension(server.certificate, x509.SubjectAlternativeName)
    if alternative_names is None or list(alternative_names) != names:
        return False
    try:
        server.certificate.verify_directly_issued_by(authority.certificate)
    except Exception:  # noqa: BLE001 - errors of several unrelated kinds, each means "issued by another"
        return False
    return _is_current(server.certificate, now)


def _is_current(certificate: x509.Certificate, now: datetime) -> bool:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return start <= now and end - now >= RENEWED_BEFORE_END


def _issue_authority(permitted: list[x509.GeneralName], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(_ISSUER, key, now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _issue_server(authority: _Pair, names: list[x509.GeneralName], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + SERVER_LIFETIME - _BACKDATED, authority.certificate.not_valid_after_utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Redwell")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, key, now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, key: EllipticCurvePrivateKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    public_key = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_ISSUER)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    labels = name.lower().split(".")
    if len(name) > _MAX_NAME_CHARACTERS or not all(map(_LABEL.fullmatch, labels)):
        raise CertificateError("A server name is not a host name or an IP address.")
    return x509.DNSName(name.lower())


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    """What the authority may certify for this name: a host name (and those below it), or one address."""
    return x509.IPAddress(ip_network(name.value)) if isinstance(name, x509.IPAddress) else name


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _read_pair(certificate: Path, key: Path) -> _Pair | None:
    """A certificate and its key, or nothing if either is missing, damaged or not the other's."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        private_key = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(private_key, EllipticCurvePrivateKey) or read.public_key() != private_key.public_key():
        return None
    return _Pair(read, private_key)


def _write_pair(certificate: Path, key: Path, pair: _Pair, *above: x509.Certificate) -> None:
    pem = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _replace(key, pem, 0o600)
    chain = (pair.certificate, *above)
    _replace(certificate, b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain), 0o644)


def _replace(path: Path, content: bytes, mode: int) -> None:
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
