"""The boto3 client of one bucket: what it may call, and everything about it that is ours to say.

Nothing is taken from files or variables of AWS's, no proxy, no other region than the one told: where
content may lie is a promise, and following a redirect would break it.
"""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import boto3
import botocore.session
from botocore.config import Config

from services.storage.s3.options import S3Options

Answer = Mapping[str, Any]


class S3Calls(Protocol):
    """The calls that every server has, and no others. An object is got by an address that is signed here."""

    def put_object(self, **told: object) -> Answer: ...
    def head_object(self, **told: object) -> Answer: ...
    def delete_object(self, **told: object) -> Answer: ...
    def list_objects_v2(self, **told: object) -> Answer: ...
    def head_bucket(self, **told: object) -> Answer: ...
    def generate_presigned_url(self, operation: str, **told: object) -> str: ...
    def close(self) -> None: ...


def make_client(options: S3Options) -> S3Calls:
    """A client that is safe to use from `connections` threads. Each call is one attempt."""
    session = boto3.session.Session(botocore_session=_bare_session())
    credentials, limits = options.credentials, options.limits
    client = session.client(
        "s3",
        region_name=options.region,
        endpoint_url=options.endpoint,
        verify=str(options.ca) if options.ca else True,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(
            connect_timeout=limits.connect_seconds,
            read_timeout=limits.stall_seconds,
            max_pool_connections=limits.connections,
            retries={"total_max_attempts": 1},
            # Checksums are ours, in headers. By default they come as trailers, which many servers refuse.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            s3={"addressing_style": options.addressing, "payload_signing_enabled": options.sign_payload},
            ignore_configured_endpoint_urls=True,
            proxies={},
            parameter_validation=False,  # it would refuse views, and a copy of each segment is what it costs
        ),
    )
    client.meta.events.register_last("before-parameter-build.s3", _stay)
    return cast("S3Calls", client)


def _bare_session() -> botocore.session.Session:
    """A session that reads no file of AWS's, whatever lies in the home folder."""
    session = botocore.session.Session(profile=None)
    session.set_config_variable("config_file", "/dev/null")
    session.set_config_variable("credentials_file", "/dev/null")
    return session


def _stay(context: dict[str, Any], **_: object) -> None:
    """Tell botocore that it has followed its one redirect to another region already."""
    context.setdefault("s3_redirect", {})["redirected"] = True
