"""What can be wrong with a consent."""

from services.kernel.problems import Conflict


class ConsentRecorded(Conflict):
    slug = "consent-recorded"
    title = "A consent is in force for this matter already; withdraw it to record another"


class ConsentWithdrawn(Conflict):
    slug = "consent-withdrawn"
    title = "The consent was withdrawn already"
