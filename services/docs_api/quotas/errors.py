"""Why an upload is not taken."""

from services.kernel.problems import TooLarge, TooManyRequests


class QuotaExceeded(TooLarge):
    """`quota` in the problem is `firm` or `matter`, and `limit_bytes` what it may hold.

    413 and neither 507 nor 409: clients of the tus protocol try those again, and would for nothing.
    """

    slug = "quota-exceeded"
    title = "There is no room for this content: the quota of the firm, or of the matter, would be exceeded"


class TooManyUploads(TooManyRequests):
    slug = "too-many-uploads"
    title = "You have begun as many uploads as one may have open; finish or end some first"


class TooMuchReserved(TooLarge):
    """`limit_bytes` is in the problem. 413 for the same reason."""

    slug = "too-much-reserved"
    title = "Your open uploads would bring more than one person's may; finish or end some first"
