"""Why an upload that was on its way may not go on, of all that is asked of it. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.docs_api.documents.errors import DocumentWithdrawn
from services.docs_api.matters.errors import MatterClosed
from services.docs_api.roots.errors import FirmKeyUnavailable
from services.docs_api.transfers.errors import AccessEnded, UploadClosed, UploadExpired, UploadTakenOver
from services.kernel.problems import RedwellError


def why_ended(standing: Mapping[str, Any] | None, lease: UUID) -> RedwellError:
    """What does not hold any more, the session apart, which is asked first.

    Whoever is no longer on the matter learns nothing of it.
    """
    if standing is None or not standing["on_matter"]:
        return AccessEnded()
    for holds, problem in (
        (standing["state"] == "open", UploadClosed),
        (standing["lease_owner"] == lease, UploadTakenOver),
        (not standing["revoked"], FirmKeyUnavailable),
        (standing["matter_state"] == "open", MatterClosed),
        (standing["document_state"] == "active", DocumentWithdrawn),
    ):
        if not holds:
            return problem()
    return UploadExpired()
