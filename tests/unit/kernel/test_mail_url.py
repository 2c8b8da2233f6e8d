from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kernel.mail_url import CaptureFolder, Relay, parse_mail_url
from services.kernel.settings import Settings


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("file:///srv/my%20mail", CaptureFolder(Path("/srv/my mail"))),
        ("smtps://mail.example.com", Relay("mail.example.com", 465, "implicit")),
        ("smtp://mail.example.com", Relay("mail.example.com", 587, "starttls")),
        (
            "smtp://a%40b:p%2Fw@mail.example.com:2525?ca=/ca.pem",
            Relay("mail.example.com", 2525, "starttls", "a@b", "p/w", Path("/ca.pem")),
        ),
        ("smtp://127.0.0.1:25?tls=off", Relay("127.0.0.1", 25, "off")),
        ("smtp://[::1]:25?tls=off", Relay("::1", 25, "off")),
    ],
)
def test_a_place_is_read(text: str, place: CaptureFolder | Relay) -> None:
    assert parse_mail_url(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com/inbox",
        "smtp://mail.example.com?tls=off",
        "smtp://u:secret-word@127.0.0.1?tls=off",
        "smtps://127.0.0.1?tls=off",
        "smtp://mail.example.com?tls=maybe",
        "smtp://mail.example.com?verify=no",
        "smtp://mail.example.com:port",
        "file://host/folder",
        "file:relative",
        "file:///",
    ],
)
def test_anything_else_is_refused_without_an_echo(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|may|takes|Port|bad)") as refused:
        parse_mail_url(text)
    assert "secret-word" not in str(refused.value)


def test_a_password_does_not_show() -> None:
    assert "secret-word" not in repr(parse_mail_url("smtp://u:secret-word@mail.example.com"))


def test_a_server_needs_an_address_to_mail_from() -> None:
    told = {
        "REDWELL_KEYS": "k",
        "REDWELL_OBJECTS": "o",
        "REDWELL_DATABASE_HOST": "h",
        "REDWELL_DATABASE_PASSWORDS": "{}",
        "REDWELL_MAIL_URL": "smtp://u:secret-word@mail.example.com",
    }
    with pytest.raises(ValidationError, match="REDWELL_MAIL_FROM") as refused:
        Settings.from_environment(told)
    assert Settings.from_environment({**told, "REDWELL_MAIL_URL": ""}).mail_url is None
    with_sender = Settings.from_environment({**told, "REDWELL_MAIL_FROM": "no-reply@example.com"})
    assert "secret-word" not in repr(with_sender)
    assert "secret-word" not in str(refused.value)
