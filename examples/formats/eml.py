"""A mail message with an attachment (RFC 5322, RFC 2046), every line spelt out so that no library decides."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

BOUNDARY = "=-redwell-example-boundary"


@dataclass(frozen=True)
class Attachment:
    """A file beside the text of a message; `name` is ASCII."""

    name: str
    media_type: str
    content: bytes


def make_eml(headers: Mapping[str, str], text: str, attachment: Attachment) -> bytes:
    """A message; names before addresses may have any letters, `text` is sent as UTF-8."""
    name = attachment.name
    lines = [
        *(f"{field}: {_value(value)}" for field, value in headers.items()),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"',
        "",
        f"--{BOUNDARY}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        *_base64(text.replace("\n", "\r\n").encode()),
        f"--{BOUNDARY}",
        f'Content-Type: {attachment.media_type}; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
        "",
        *_base64(attachment.content),
        f"--{BOUNDARY}--",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def _value(value: str) -> str:
    """A field's value; letters beyond ASCII may stand in the name before an address (RFC 2047)."""
    if value.isascii():
        return value
    name, _, address = value.rpartition(" <")
    return f"=?utf-8?B?{base64.b64encode(name.encode()).decode('ascii')}?= <{address}"


def _base64(content: bytes) -> list[str]:
    return base64.encodebytes(content).decode("ascii").splitlines()
