"""The two calls to KMS that a root needs, and what its answers mean.

As with the store, nothing is taken from files or variables of AWS's: no other region than the key's own, no
proxy, no profile. A call blocks, so it is made from a thread.
"""

import threading
from collections.abc import Mapping
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from services.keys.errors import KeysError
from services.keys.kms.options import KmsKey, KmsOptions
from services.keys.roots import Refusal, RootRefusedError, RootUnreachableError
from services.keys.wrapping import UnwrapError

_REFUSALS: Final[Mapping[str, Refusal]] = {
    "DisabledException": "disabled",
    "KMSInvalidStateException": "disabled",  # also of a key that waits to be deleted
    "AccessDeniedException": "denied",
    "NotFoundException": "missing",
    "InvalidArnException": "missing",
    "InvalidKeyUsageException": "unfit",
    "ValidationException": "unfit",
}
"""What a key's owner has decided, or what no attempt will change. All else may pass."""

_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsClient:
    """Clients of boto3's, one for each region, made when a key of it is first used. Safe in threads."""

    def __init__(self, options: KmsOptions) -> None:
        self._options = options
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def encrypt(self, key: KmsKey, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Seal a few bytes; they open with the same context alone. Raises as `decrypt` does."""
        answer = self._ask(key, "encrypt", Plaintext=plaintext, EncryptionContext=dict(context))
        return bytes(answer["CiphertextBlob"])

    def decrypt(self, key: KmsKey, sealed: bytes, context: Mapping[str, str]) -> bytes:
        """Open what `encrypt` made.

        Raises:
            UnwrapError: it is not what this key has sealed with this context.
            RootRefusedError: the key may not be used, or is not there.
            RootUnreachableError: KMS does not answer, or cannot now.
        """
        answer = self._ask(key, "decrypt", CiphertextBlob=sealed, EncryptionContext=dict(context))
        return bytes(answer["Plaintext"])

    def _ask(self, key: KmsKey, operation: str, **told: object) -> Mapping[str, Any]:
        try:
            client = self._client(key.region)
            answer: Mapping[str, Any] = getattr(client, operation)(KeyId=key.arn, **told)
        except ClientError as error:
            raise _error(key, str(error.response.get("Error", {}).get("Code", ""))) from error
        except BotoCoreError as error:
            raise RootUnreachableError(key.arn, type(error).__name__) from error
        if answer.get("KeyId") != key.arn:
            raise UnwrapError("KMS answered with another key than the one that was named.")
        return answer

    def _client(self, region: str) -> Any:  # noqa: ANN401 -- boto3 makes its classes as it runs
        with self._making:
            if region not in self._clients:
                self._clients[region] = _make_client(self._options, region)
            return self._clients[region]


def _error(key: KmsKey, code: str) -> KeysError:
    code = code.rpartition("#")[2]
    if code in _NOT_OURS:
        return UnwrapError("KMS does not open the wrapped key under this root key and this name.")
    if code in _REFUSALS:
        return RootRefusedError(key.arn, _REFUSALS[code])
    return RootUnreachableError(key.arn, code)


def _make_client(options: KmsOptions, region: str) -> Any:  # noqa: ANN401 -- as above
    bare = botocore.session.Session(profile=None)
    for name in ("config_file", "credentials_file"):
        bare.set_config_variable(name, "/dev/null")
    return boto3.session.Session(botocore_session=bare).client(
        "kms",
        region_name=region,
        endpoint_url=options.endpoint,
        verify=str(options.ca) if options.ca else True,
        aws_access_key_id=options.credentials.access_key_id,
        aws_secret_access_key=options.credentials.secret_access_key,
        aws_session_token=options.credentials.session_token,
        config=Config(
            connect_timeout=options.connect_seconds,
            read_timeout=options.answer_seconds,
            max_pool_connections=32,
            retries={"total_max_attempts": options.attempts, "mode": "standard"},
            ignore_configured_endpoint_urls=True,
            proxies={},
        ),
    )
