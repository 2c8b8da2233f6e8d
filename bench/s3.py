"""Uploads to a bucket, against boto3 sending the same bytes to the same server."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from bench.clients import put
from bench.measuring import MIB, Result, by_turns, ratio
from bench.stage import Stage
from tests.harness.seaweed import BUCKET, REGION, SeaweedFS

PART = 8 * MIB
_TUNED = Config(
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"payload_signing_enabled": False, "addressing_style": "path"},
)
_DEFAULT = Config(s3={"addressing_style": "path"})


def against_boto3(stage: Stage, server: SeaweedFS, size: int) -> Iterator[Result]:
    """Our upload over HTTPS, sealed, against `upload_file`: as it comes, and as one would tune it."""
    with tempfile.TemporaryDirectory(prefix="redwell-bench-") as folder:
        file = Path(folder) / "content"
        with file.open("wb") as opened:
            opened.truncate(size)

        def ours() -> float:
            return size / MIB / put(stage.product, stage.new_upload(f"{secrets.token_hex(8)}.bin"), size)

        by_default = _uploader(server, file, _DEFAULT, None)
        tuned = _uploader(server, file, _TUNED, TransferConfig(multipart_chunksize=PART, max_concurrency=4))
        yield ratio("upload_s3_vs_boto3", by_turns(ours, by_default), "MiB_s", "≥ 1.0")
        yield ratio("upload_s3_vs_tuned", by_turns(ours, tuned), "MiB_s", "≥ 0.35")


def _uploader(
    server: SeaweedFS, file: Path, config: Config, transfer: TransferConfig | None
) -> Callable[[], float]:
    """A function that uploads the file, takes it away again, and tells MiB/s of the upload."""
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        config=config,
    )

    def once() -> float:
        key = f"bench/{secrets.token_hex(8)}"
        begun = time.perf_counter()
        client.upload_file(str(file), BUCKET, key, Config=transfer)
        took = time.perf_counter() - begun
        client.delete_object(Bucket=BUCKET, Key=key)
        return file.stat().st_size / MIB / took

    return once
