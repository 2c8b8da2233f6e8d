"""Why the tus protocol's requests are refused."""

from services.kernel.problems import BadRequest, Conflict, RedwellError, TooLarge


class TusRequestRefused(BadRequest):
    slug = "tus-request"
    title = "A header of the tus protocol is missing, malformed, or asks for what is not served"


class OffsetMismatch(Conflict):
    slug = "offset-mismatch"
    title = "The content does not go on from there; HEAD tells where it does"


class ChecksumMismatch(RedwellError):
    """The tus protocol's own status."""

    status = 460
    slug = "checksum-mismatch"
    title = "What came is not what Upload-Checksum says; none of it was kept"


class PatchTooSmall(BadRequest):
    """`minimum_bytes` is in the problem."""

    slug = "patch-too-small"
    title = "A request that does not bring the rest must bring more"


class MetadataTooLarge(TooLarge):
    slug = "metadata-too-large"
    title = "Upload-Metadata is longer than is taken"
