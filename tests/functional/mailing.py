"""What tests of mail say in the same words."""

import json
import secrets
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tests.harness.instance import Instance
from tests.harness.people import Person
from tests.harness.rows import rows


def new_address() -> str:
    return f"new-{secrets.token_hex(4)}@example.com"


def invitation(admin: Person, email: str, deliver: str = "mail") -> dict[str, Any]:
    body = {"email": email, "roles": ["compliance_officer"], "deliver": deliver}
    return admin.client.call("POST", "/v1/invitations", body)


def kept(instance: Instance, to: str) -> list[EmailMessage]:
    """The mails to an address that lie in the capture folder."""
    found = [message_from_bytes(path.read_bytes(), policy=default) for path in instance.mail.glob("*.eml")]
    return [message for message in found if message["To"] == to]


def code_in(message: EmailMessage) -> str:
    words = str(message.get_content()).split()
    return next(word for word in words if word.startswith("rw_inv_"))


def mail_events(instance: Instance, about: str) -> list[dict[str, Any]]:
    found = rows(instance, "SELECT body FROM events WHERE object_kind = 'mail' ORDER BY id")
    bodies = [json.loads(event["body"]) for event in found]
    return [body for body in bodies if body["change"]["about"] == about]
