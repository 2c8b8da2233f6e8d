import contextlib
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from services.keys.certificates import CertificateError, CertificatePaths, ensure_certificates

NAMES = ("localhost", "127.0.0.1", "::1")
NOW = datetime.now(UTC).replace(microsecond=0)


def make(folder: Path, names: tuple[str, ...] = NAMES, now: datetime = NOW) -> CertificatePaths:
    return ensure_certificates(folder, names, now)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def handshake(paths: CertificatePaths, name: str, authority: Path) -> None:
    """Connect once with strict verification, as a client that trusts only `authority`."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(paths.chain, paths.key)
    client_context = ssl.create_default_context(cafile=authority)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    server_end, client_end = socket.socketpair()
    client_end.settimeout(10)
    server_end.settimeout(10)

    def serve() -> None:
        with contextlib.suppress(OSError), server_context.wrap_socket(server_end, server_side=True) as tls:
            tls.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client_context.wrap_socket(client_end, server_hostname=name) as tls:
            tls.send(b"x")
    finally:
        client_end.close()
        thread.join()
        server_end.close()


@pytest.mark.parametrize("name", NAMES)
def test_client_that_trusts_the_authority_connects(tmp_path: Path, name: str) -> None:
    paths = make(tmp_path / "tls")
    handshake(paths, name, paths.ca)


def test_client_that_trusts_another_authority_does_not(tmp_path: Path) -> None:
    paths, other = make(tmp_path / "a"), make(tmp_path / "b")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(paths, "localhost", other.ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(paths, "elsewhere.example", paths.ca)


def test_second_start_changes_nothing(tmp_path: Path) -> None:
    paths = make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert make(tmp_path, now=NOW + timedelta(days=300)) == paths
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_secret_keys_are_for_the_owner(tmp_path: Path) -> None:
    paths = make(tmp_path / "tls")
    assert {path.stat().st_mode & 0o777 for path in (paths.key, tmp_path / "tls" / "ca.key")} == {0o600}
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE" not in paths.ca.read_bytes() + paths.chain.read_bytes()


def test_server_certificate_is_short_lived_and_renewed_in_time(tmp_path: Path) -> None:
    paths = make(tmp_path)
    authority, first = read(paths.ca), read(paths.chain)
    assert first.not_valid_after_utc - first.not_valid_before_utc <= timedelta(days=397)
    later = first.not_valid_after_utc - timedelta(days=29)
    make(tmp_path, now=later)
    second = read(paths.chain)
    assert read(paths.ca) == authority
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > later + timedelta(days=390)
    assert second.public_key() != first.public_key()


def test_authority_is_renewed_at_its_end(tmp_path: Path) -> None:
    paths = make(tmp_path)
    authority = read(paths.ca)
    make(tmp_path, now=authority.not_valid_after_utc - timedelta(days=29))
    assert read(paths.ca) != authority
    read(paths.chain).verify_directly_issued_by(read(paths.ca))


def test_certificate_never_outlives_its_authority(tmp_path: Path) -> None:
    paths = make(tmp_path)
    make(tmp_path, now=read(paths.ca).not_valid_after_utc - timedelta(days=60))
    assert read(paths.chain).not_valid_after_utc == read(paths.ca).not_valid_after_utc


def test_new_name_is_certified_and_old_ones_stay_permitted(tmp_path: Path) -> None:
    paths = make(tmp_path)
    make(tmp_path, ("Vault.Firm.example",))
    handshake(paths, "vault.firm.example", paths.ca)
    authority = read(paths.ca)
    make(tmp_path)
    handshake(paths, "localhost", paths.ca)
    assert read(paths.ca) == authority


def test_authority_may_certify_its_names_only(tmp_path: Path) -> None:
    constraints = read(make(tmp_path).ca).extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = {str(name.value) for name in constraints.value.permitted_subtrees or ()}
    assert permitted == {"localhost", "127.0.0.1/32", "::1/128"}


@pytest.mark.parametrize("file", ["ca.pem", "ca.key", "server.pem", "server.key"])
@pytest.mark.parametrize("damage", ["missing", "garbage", "swapped"])
def test_damaged_file_is_made_anew(tmp_path: Path, file: str, damage: str) -> None:
    folder, other = tmp_path / "a", tmp_path / "b"
    paths = make(folder)
    make(other)
    match damage:
        case "missing":
            (folder / file).unlink()
        case "garbage":
            (folder / file).write_text("garbage")
        case _:
            (folder / file).write_bytes((other / file).read_bytes())
    make(folder)
    handshake(paths, "localhost", paths.ca)


def test_authority_without_limits_is_replaced(tmp_path: Path) -> None:
    paths = make(tmp_path)
    (tmp_path / "ca.pem").write_bytes(paths.chain.read_bytes())
    (tmp_path / "ca.key").write_bytes(paths.key.read_bytes())
    make(tmp_path)
    handshake(paths, "localhost", paths.ca)


@pytest.mark.parametrize(
    "name", ["", "*", "*.firm.example", "a b", "-a", "a..b", "x" * 64, "é", "a/b", "a\n"]
)
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CertificateError, match="host name"):
        make(tmp_path, (name,))


def test_a_name_is_needed(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="needs a name"):
        make(tmp_path, ())


def test_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CertificateError, match="No space left"):
        make(tmp_path)
