"""Of all that an upload on its way is asked, its sender is told what does not hold."""

from typing import Any
from uuid import uuid4

import pytest

from services.docs_api.documents.errors import DocumentWithdrawn
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.transfers.ended import why_ended
from services.docs_api.transfers.errors import AccessEnded, UploadClosed, UploadExpired, UploadTakenOver
from services.docs_api.transfers.failures import reason_of
from services.kernel.problems import RedwellError

LEASE = uuid4()
WELL = {
    "on_matter": True,
    "state": "open",
    "lease_owner": LEASE,
    "revoked": False,
    "matter_state": "open",
    "document_state": "active",
}


@pytest.mark.parametrize(
    ("changed", "problem", "reason"),
    [
        ({"on_matter": False}, AccessEnded, "access-ended"),
        ({"on_matter": False, "matter_state": "closed", "state": "abandoned"}, AccessEnded, "access-ended"),
        ({"state": "abandoned"}, UploadClosed, "upload-closed"),
        ({"lease_owner": uuid4()}, UploadTakenOver, "taken-over"),
        ({"lease_owner": None}, UploadTakenOver, "taken-over"),
        ({"revoked": True}, FirmKeyUnavailable, "firm-key-unavailable"),
        ({"matter_state": "closed"}, MatterClosed, "matter-closed"),
        ({"document_state": "withdrawn"}, DocumentWithdrawn, "document-withdrawn"),
        ({}, UploadExpired, "expired"),
    ],
)
def test_it_is_what_does_not_hold(changed: dict[str, Any], problem: type[RedwellError], reason: str) -> None:
    found = why_ended(WELL | changed, LEASE)
    assert (type(found), reason_of(found)) == (problem, reason)


def test_an_upload_that_is_not_there_is_no_longer_theirs() -> None:
    assert type(why_ended(None, LEASE)) is AccessEnded
