"""Letters: plain words to one person, and the message (RFC 5322) that each becomes.

Headers are made from parts by `email.message`, which refuses line breaks; nothing here pastes header text.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from uuid import UUID

SENDER_NAME = "Redwell"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is told. `to` is an address as `addresses.normalise` spells it."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Letter":
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message says beside the letter. The same mail always gets the same `Message-ID`.

    `host` is that of the public URL; `sender` the address that mail is from.
    """

    id: UUID
    written_at: datetime
    sender: str
    host: str


def build_message(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The message of `letter`.

    Raises:
        ValueError: address or subject would break a header.
    """
    is_ascii = letter.to.isascii() and envelope.sender.isascii()
    message = EmailMessage(policy=SMTP if is_ascii else SMTPUTF8)
    message["From"] = _address(envelope.sender, SENDER_NAME)
    message["To"] = _address(letter.to)
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = envelope.written_at
    message["Message-ID"] = f"<{envelope.id}@{envelope.host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
    message.set_content(letter.text)
    return message


def _address(address: str, name: str = "") -> Address:
    local, _, domain = _one_line(address).rpartition("@")
    if not local or not domain:
        raise ValueError("not an address")
    return Address(name, local, domain)


def _one_line(text: str) -> str:
    if any(character < " " or character in "\x7f\x85\u2028\u2029" for character in text):
        raise ValueError("a header is one line")
    return text
