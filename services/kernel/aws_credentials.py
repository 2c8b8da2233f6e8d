"""Credentials in the form of AWS's, for stores and for KMS: never printed, read from a private file."""

import configparser
import stat
from dataclasses import dataclass, field
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class CredentialsError(Exception):
    """The file of credentials cannot be used; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Never printed."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False, default=None)


def read_credentials(path: Path) -> Credentials:
    """Section `[default]` of a file in the form of AWS's `credentials`.

    Raises:
        CredentialsError: it is missing, open to others, or without the two names.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CredentialsError(f"The file of credentials {path} cannot be read.") from exc
    if mode & _OTHERS:
        raise CredentialsError(f"The file of credentials {path} is open to others; chmod 600 '{path}'.")
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
        section = parser["default"]
        return Credentials(
            section["aws_access_key_id"],
            section["aws_secret_access_key"],
            section.get("aws_session_token"),
        )
    except (configparser.Error, KeyError):
        # What the parser says would repeat a line of the file.
        raise CredentialsError(
            f"The file of credentials {path} needs a section [default] with aws_access_key_id and "
            "aws_secret_access_key."
        ) from None
