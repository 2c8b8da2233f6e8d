"""What can be wrong with an access request."""

from services.kernel.problems import Conflict


class RequestOpen(Conflict):
    slug = "request-open"
    title = "A request for this person in this matter is open; withdraw it to make another"


class RequestDecided(Conflict):
    slug = "request-decided"
    title = "The request is no longer open: it was granted, declined, withdrawn or has lapsed"
