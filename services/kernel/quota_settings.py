"""Settings of quotas: how much content a firm and a matter may hold, and how much one person may begin."""

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

GIB = 1024**3
TIB = 1024 * GIB


class QuotaSettings(BaseModel):
    """Defaults; the operator may give a firm, and a firm a matter, a figure of its own. 0: no limit."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    firm_quota_bytes: NonNegativeInt = 4 * TIB
    matter_quota_bytes: NonNegativeInt = TIB
    """The most that a firm and a matter hold: the content of versions, and what open uploads will bring."""

    open_uploads_per_member: PositiveInt = 1000
    """Uploads, of either kind, that one person may have begun and not ended, in one firm."""

    reserved_bytes_per_member: NonNegativeInt = 256 * GIB
    """The most that one person's open uploads in one firm will bring, as far as it is known. 0: no limit."""
