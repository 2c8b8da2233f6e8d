"""What KMS needs to be spoken to, and how its keys are named; no region is ever assumed."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from services.kernel.aws_credentials import Credentials
from services.keys.errors import KeysError

PREFIX: Final = "kms:"
_ARN = re.compile(r"arn:(aws(?:-[a-z]+)*):kms:([a-z0-9]+(?:-[a-z0-9]+)+):(\d{12}):key/([A-Za-z0-9-]{1,64})")


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
class KmsOptions:
    """`endpoint` None: AWS's own for the region of each key. Seconds are of one attempt."""

    endpoint: str | None
    credentials: Credentials
    ca: Path | None
    connect_seconds: float
    answer_seconds: float
    attempts: int
