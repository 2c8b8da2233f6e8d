"""What can be wrong with an engagement."""

from services.kernel.problems import Conflict


class EngagementEnded(Conflict):
    slug = "engagement-over"
    title = "The engagement is not in force; the firm's administrator can make a new one"


class EngagementOverlaps(Conflict):
    """`engagement_id` says with which."""

    slug = "engagement-overlaps"
    title = "The provider is engaged for such a service in that time already; change or end that engagement"


class TermBegun(Conflict):
    slug = "term-begun"
    title = "The term has begun, so its beginning stays; its end may be changed"
