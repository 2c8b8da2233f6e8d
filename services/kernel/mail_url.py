"""Where mail goes: the one reading of `REDWELL_MAIL_URL`.

    smtps://user:password@mail.example.com          TLS from the first byte, port 465
    smtp://user:password@mail.example.com           STARTTLS, which the server must offer, port 587
    smtp://127.0.0.1:25?tls=off                     a relay on this machine alone
    file:///var/lib/redwell/mail                    a folder: each mail one .eml file, sent to nobody

`?ca=/path.pem` names the authority of a private mail server, in place of the system's.
"""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Security = Literal["implicit", "starttls", "off"]
_PORTS = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, slots=True)
class CaptureFolder:
    """Mail is kept in a folder."""

    path: Path


@dataclass(frozen=True, slots=True)
class Relay:
    """Mail is handed to a server. `user` None means no login; `ca` None means the system's authorities."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str = field(default="", repr=False)
    ca: Path | None = None


def parse_mail_url(text: str) -> CaptureFolder | Relay:
    """The place that `text` names.

    Raises:
        ValueError: it is none of the forms above. The message never repeats the text: it may hold a password.
    """
    parts = urlsplit(text)
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme not in _PORTS or parts.path not in {"", "/"} or parts.fragment or not parts.hostname:
        raise ValueError("must be smtp://HOST, smtps://HOST or file:///FOLDER")
    options = _options(parts)
    relay = Relay(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        security="implicit" if parts.scheme == "smtps" else "starttls",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        ca=Path(options["ca"]) if "ca" in options else None,
    )
    return _unprotected(relay) if "tls" in options else relay


def _folder(parts: SplitResult) -> CaptureFolder:
    path = Path(unquote(parts.path))
    if parts.netloc or parts.query or not path.is_absolute() or path == path.parent:
        raise ValueError("must name a folder as file:///FOLDER")
    return CaptureFolder(path)


def _options(parts: SplitResult) -> dict[str, str]:
    found = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    known = {name: values[0] for name, values in found.items() if len(values) == 1}
    if set(found) - {"ca", "tls"} or len(known) != len(found) or known.get("tls", "off") != "off":
        raise ValueError("takes no options but ca=FILE and tls=off")
    return known


def _unprotected(relay: Relay) -> Relay:
    """Without TLS only to this machine, and never with a password."""
    if relay.security != "starttls" or relay.user is not None or not _is_loopback(relay.host):
        raise ValueError("may say tls=off only for smtp:// to this machine and without a login")
    return Relay(relay.host, relay.port, "off")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
