"""deploy/s3: the least that the store's own calls need, and no more."""

import inspect
import json

from services.storage.s3.client import S3Calls
from tests.harness.instance import ROOT

NEEDED_BY = {
    "put_object": "s3:PutObject",
    "generate_presigned_url": "s3:GetObject",
    "head_object": "s3:GetObject",
    "delete_object": "s3:DeleteObject",
    "list_objects_v2": "s3:ListBucket",
    "head_bucket": "s3:ListBucket",
}


def test_policy_allows_what_is_called_and_nothing_else() -> None:
    calls = {name for name, _ in inspect.getmembers(S3Calls, inspect.isfunction) if not name.startswith("_")}
    assert calls - {"close"} == set(NEEDED_BY)
    policy = json.loads((ROOT / "deploy" / "s3" / "policy.json").read_text())
    allowed: set[str] = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert "BUCKET" in statement["Resource"]
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert allowed == set(NEEDED_BY.values())


def test_bucket_policy_only_denies() -> None:
    policy = json.loads((ROOT / "deploy" / "s3" / "bucket-policy.json").read_text())
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
