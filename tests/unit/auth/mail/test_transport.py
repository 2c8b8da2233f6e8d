"""The transports against a real SMTP server (aiosmtpd) and a real folder."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest

from services.auth.mail.letters import Envelope, Letter, build_message
from services.auth.mail.transport import (
    FolderTransport,
    MailRefusedError,
    MailUnavailableError,
    RelayTransport,
    Transport,
)
from services.kernel.mail_url import CaptureFolder, Relay
from services.keys.certificates import CertificatePaths, ensure_certificates
from tests.harness.mailbox import PASSWORD, USER, mail_server
from tests.harness.ports import free_port

SENDER = "no-reply@example.com"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> CertificatePaths:
    return ensure_certificates(tmp_path_factory.mktemp("tls"), ["localhost"], datetime.now(UTC))


def letter(to: str = "ada@example.com") -> EmailMessage:
    envelope = Envelope(UUID(int=7), datetime.now(UTC), SENDER, "files.example.com")
    return build_message(Letter(to, "A subject", "Some words.\n.\nA line after a dot.\n"), envelope)


async def send(transport: Transport, to: str = "ada@example.com") -> None:
    await transport.send(letter(to), SENDER, to)


def relay(place: Relay) -> RelayTransport:
    return RelayTransport(place, "files.example.com", timeout_seconds=5)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("security", ["implicit", "starttls"])
async def test_mail_goes_over_verified_tls_with_a_login(tls: CertificatePaths, security: str) -> None:
    with mail_server(security, (tls.chain, tls.key), login=True) as box:
        place = Relay("localhost", box.port, security, USER, PASSWORD, tls.ca)  # type: ignore[arg-type]
        await send(relay(place))
        with pytest.raises(MailUnavailableError):
            await send(relay(replace(place, password="wrong")))
        with pytest.raises(MailUnavailableError, match="SSLCertVerificationError"):
            await send(relay(replace(place, ca=None)))
        with pytest.raises(MailUnavailableError, match="SSLCertVerificationError"):
            await send(relay(replace(place, host="127.0.0.1")))
    (message,) = box.received
    assert message["To"] == "ada@example.com"
    assert message.get_content().splitlines() == ["Some words.", ".", "A line after a dot."]


async def test_a_server_without_starttls_gets_nothing() -> None:
    with mail_server("off") as box:
        with pytest.raises(MailUnavailableError, match="SMTPNotSupportedError"):
            await send(relay(Relay("localhost", box.port, "starttls")))
        assert box.received == []


async def test_an_address_beyond_ascii_is_taken() -> None:
    with mail_server("off") as box:
        await send(relay(Relay("127.0.0.1", box.port, "off")), "zoë@example.com")
    assert [message["To"] for message in box.received] == ["zoë@example.com"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [("550 no such person", MailRefusedError), ("451 try later", MailUnavailableError)],
)
@pytest.mark.parametrize("step", ["recipients", "answer"])
async def test_no_for_ever_and_not_now_are_told_apart(step: str, reply: str, error: type[Exception]) -> None:
    with mail_server("off") as box:
        setattr(box, step, reply)
        with pytest.raises(error) as refused:
            await send(relay(Relay("127.0.0.1", box.port, "off")))
    assert "ada@example.com" not in str(refused.value)


async def test_nobody_listening_is_not_now() -> None:
    with pytest.raises(MailUnavailableError, match="ConnectionRefusedError"):
        await send(relay(Relay("127.0.0.1", free_port(), "off")))


async def test_a_folder_keeps_each_mail_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    transport = FolderTransport(CaptureFolder(folder))
    await send(transport)
    await send(transport)
    (kept,) = folder.iterdir()
    assert kept.name == f"{UUID(int=7)}.eml"
    assert (folder.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    assert message_from_bytes(kept.read_bytes(), policy=default)["To"] == "ada@example.com"


async def test_a_folder_that_cannot_be_written_is_not_now(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file stands there")
    with pytest.raises(MailUnavailableError):
        await send(FolderTransport(CaptureFolder(tmp_path / "mail")))
