"""What can be wrong with an engagement."""

from services.kernel.problems import Conflict


class EngagementEnded(Conflict):
    slug = "engagement-ended"
    title = "The engagement is not in force; the firm's administrator can make a new one"
