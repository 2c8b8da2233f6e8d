"""What KMS needs to be spoken to, and how its keys are named; no region is ever assumed."""

import configparser
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from services.keys.errors import KeysError

PREFIX: Final = "kms:"
_ARN = re.compile(r"arn:(aws(?:-[a-z]+)*):kms:([a-z0-9]+(?:-[a-z0-9]+)+):(\d{12}):key/([A-Za-z0-9-]{1,64})")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KmsUnfitError(KeysError):
    """KMS cannot be spoken to as it is set up; the message says why."""


@dataclass(frozen=True, slots=True)
class KmsKey:
    """One key of KMS by its whole name, which says its region. An alias is none: it could be moved."""

    arn: str
    region: str

    @classmethod
    def parse(cls, root_id: str) -> Self:
        """The key that a root's id names: `kms:arn:aws:kms:REGION:ACCOUNT:key/ID`.

        Raises:
            KmsUnfitError: it is of another form.
        """
        match = _ARN.fullmatch(root_id.removeprefix(PREFIX)) if root_id.startswith(PREFIX) else None
        if match is None:
            raise KmsUnfitError(
                "A root key in KMS is named kms:arn:aws:kms:REGION:ACCOUNT:key/ID, not by an alias."
            )
        return cls(match[0], match[2])


@dataclass(frozen=True, slots=True)
class Credentials:
    """Never printed."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class KmsOptions:
    """`endpoint` None: AWS's own for the region of each key. Seconds are of one attempt."""

    endpoint: str | None
    credentials: Credentials
    ca: Path | None
    connect_seconds: float
    answer_seconds: float
    attempts: int


def read_credentials(path: Path) -> Credentials:
    """Section `[default]` of a file in the form of AWS's `credentials`.

    Raises:
        KmsUnfitError: it is missing, open to others, or without the two names. Its content is not repeated.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise KmsUnfitError(f"The file of credentials {path} cannot be read.") from exc
    if mode & _OTHERS:
        raise KmsUnfitError(f"The file of credentials {path} is open to others; chmod 600 '{path}'.")
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
        raise KmsUnfitError(
            f"The file of credentials {path} needs a section [default] with aws_access_key_id and "
            "aws_secret_access_key."
        ) from None
