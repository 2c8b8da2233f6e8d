"""The roots that the settings name. boto3 is loaded only where there are credentials for KMS."""

from collections.abc import Callable

from services.kernel.aws_credentials import Credentials, CredentialsError, read_credentials
from services.kernel.root_settings import RootSettings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.kms.options import KmsKey, KmsOptions, KmsUnfitError
from services.keys.kms.root import KmsRoot
from services.keys.roots import FileRoot, Root, Roots


def open_roots(settings: RootSettings, keys: KeyDirectory) -> Roots:
    """The root in the key file, and those that KMS keeps if it may be asked.

    Raises:
        KeysError: the file is damaged, the default is in KMS and that is not set up, or the credentials'
            file cannot be used.
    """
    options = kms_options(settings)
    default = None if settings.root == "file" else settings.root
    elsewhere = None if options is None else _kms(options)
    current = FileRoot(keys.secret(KeyFile.ROOT))
    return Roots([current], default=default, elsewhere=elsewhere, directory=keys)


def kms_options(settings: RootSettings) -> KmsOptions | None:
    """How KMS is spoken to; None if it is not. Nothing is asked of it yet.

    Raises:
        KmsUnfitError: a file that is named cannot be used, or the default is in KMS and that is not set up.
    """
    if not settings.kms_is_told:
        if settings.root != "file":
            raise KmsUnfitError("REDWELL_ROOT is a key of KMS, so REDWELL_KMS_CREDENTIALS must name a file.")
        return None
    if settings.kms_ca is not None and not settings.kms_ca.is_file():
        raise KmsUnfitError(f"The CA file {settings.kms_ca} is not there.")
    return KmsOptions(
        endpoint=settings.kms_endpoint,
        credentials=_credentials(settings),
        ca=settings.kms_ca,
        connect_seconds=settings.kms_connect_seconds,
        answer_seconds=settings.kms_answer_seconds,
        attempts=settings.kms_attempts,
    )


def _credentials(settings: RootSettings) -> Credentials:
    if settings.kms_credentials is not None:
        try:
            return read_credentials(settings.kms_credentials)
        except CredentialsError as error:
            raise KmsUnfitError(str(error)) from None
    key, secret, token = (
        settings.kms_access_key_id,
        settings.kms_secret_access_key,
        settings.kms_session_token,
    )
    assert key is not None, "settings were checked"
    assert secret is not None, "settings were checked"
    return Credentials(
        key.get_secret_value(), secret.get_secret_value(), token.get_secret_value() if token else None
    )


def _kms(options: KmsOptions) -> Callable[[str], Root]:
    from services.keys.kms.client import KmsClient  # noqa: PLC0415 -- see above

    client = KmsClient(options)
    return lambda root_id: KmsRoot(KmsKey.parse(root_id), client)
