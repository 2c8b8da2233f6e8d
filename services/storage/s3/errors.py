"""What a server and the way to it can say, as the store's errors.

StoreUnavailableError
├── TransientError         worth another attempt: transport, overload, a body altered on the way
│   └── AlteredError       what was read is not what the server says that it holds
└── (itself)               refused: no attempt will change it, somebody who mends the store will
"""

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from services.storage.protocol import ObjectMissingError, StoreError, StoreUnavailableError

_NAME = re.compile(r"[A-Za-z0-9.]{1,64}")
_TRANSIENT_CODES = frozenset(
    {
        "BadDigest",
        "IncompleteBody",
        "InvalidDigest",
        "OperationAborted",
        "RequestTimeout",
        "SlowDown",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)
_SERVER_FAULT, _TOO_MANY = 500, 429
NO_SUCH_KEY = "NoSuchKey"


class TransientError(StoreUnavailableError):
    """Another attempt may do."""


class AlteredError(TransientError):
    """`data` came whole, and is not what its checksum says. If it always comes so, it lies so."""

    def __init__(self, sentence: str, data: bytes) -> None:
        super().__init__(sentence)
        self.data = data


def store_error(error: Exception, what: str) -> StoreError:
    """The error of ours for one of boto3's, or of the sockets below it."""
    told = answer_of(error)
    if status := status_of(told):
        return refusal(status, str(told.get("Error", {}).get("Code", "")), what)
    return TransientError(f"The store did not answer for {what}: {type(error).__name__}.")


def answer_of(error: Exception) -> Mapping[str, Any]:
    """The server's answer in one of boto3's errors; empty if there was none."""
    return error.response if isinstance(error, ClientError) else {}


def status_of(answer: Mapping[str, Any]) -> int:
    """The status of an answer of boto3's; 0 if there was none."""
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def refusal(status: int, code: str, what: str) -> StoreError:
    """The error for an answer with this status and this code of S3's."""
    name = code if _NAME.fullmatch(code) else "no code"
    if name == NO_SUCH_KEY:
        return ObjectMissingError(f"There is no object {what}.")
    sentence = f"The store refused {what}: {status} {name}."
    if status >= _SERVER_FAULT or status == _TOO_MANY or name in _TRANSIENT_CODES:
        return TransientError(sentence)
    return StoreUnavailableError(sentence)


FOREIGN = (BotoCoreError, ClientError, OSError)
"""What boto3 raises when it is used as it should be."""
