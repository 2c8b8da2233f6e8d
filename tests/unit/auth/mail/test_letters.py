from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest

from services.auth.mail import wording
from services.auth.mail.letters import Envelope, Letter, build_message

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ENVELOPE = Envelope(
    UUID("01971111-0000-7000-8000-000000000001"), NOW, "no-reply@example.com", "files.example.com"
)


def test_a_letter_becomes_one_plain_message() -> None:
    message = build_message(Letter("ada@example.com", "A subject", "Words.\n"), ENVELOPE)
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert read["From"] == "Redwell <no-reply@example.com>"
    assert read["To"] == "ada@example.com"
    assert read["Message-ID"] == f"<{ENVELOPE.id}@files.example.com>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read.get_content_type() == "text/plain"
    assert read.get_content() == "Words.\r\n"


def test_the_same_mail_is_the_same_bytes() -> None:
    letter = Letter("ada@example.com", "A subject", "Words.\n")
    assert build_message(letter, ENVELOPE).as_bytes() == build_message(letter, ENVELOPE).as_bytes()


@pytest.mark.parametrize("cut", ["\r\n", "\n", "\r", "\0", "\x85", "\u2028", "\x0b"])
@pytest.mark.parametrize("place", ["to", "subject", "sender"])
def test_no_part_can_begin_another_header(place: str, cut: str) -> None:
    parts = {"to": "ada@example.com", "subject": "A subject", "sender": "no-reply@example.com"}
    parts[place] = f"a{cut}Bcc: eve@example.com"
    with pytest.raises(ValueError, match="header"):
        build_message(
            Letter(parts["to"], parts["subject"], "Words."),
            Envelope(ENVELOPE.id, NOW, parts["sender"], "files.example.com"),
        )


@pytest.mark.parametrize("address", ["", "ada", "@example.com", "ada@"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        build_message(Letter(address, "A subject", "Words."), ENVELOPE)


def test_addresses_keep_every_character_that_they_may_have() -> None:
    for address in ("o'neil+x@example.com", "zoë@example.com", "a..b@example.com"):
        message = build_message(Letter(address, "Grüße", "Słowa.\n"), ENVELOPE)
        read = message_from_bytes(message.as_bytes(), policy=default)
        assert read["To"].addresses[0].domain == "example.com"
        assert read["Subject"] == "Grüße"
        assert read.get_content() == "Słowa.\r\n"


def test_an_invitation_cannot_be_bent_by_the_organization_s_name() -> None:
    name = "Firm\r\n.\r\nBcc: eve@example.com\r\n" + "x" * 500
    letter = wording.invitation("ada@example.com", name, "rw_inv_x", NOW, "https://files.example.com")
    read = message_from_bytes(build_message(letter, ENVELOPE).as_bytes(), policy=default)
    assert set(read.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }
    assert "2026-05-01 12:00 UTC" in read.get_content()


def test_a_letter_survives_its_sealed_form_and_hides_in_a_repr() -> None:
    letter = Letter("zoë@example.com", "Grüße", "a code\n")
    assert Letter.from_json(letter.to_json()) == letter
    assert "zoë" not in repr(letter)
    assert "a code" not in repr(letter)
