"""What can be wrong with the people on a matter."""

from services.kernel.problems import Conflict


class SupervisorStays(Conflict):
    slug = "supervisor-stays"
    title = "The supervising attorney cannot leave the matter"
