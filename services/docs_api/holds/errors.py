"""What can be wrong with a hold."""

from services.kernel.problems import Conflict


class HoldReleased(Conflict):
    slug = "hold-released"
    title = "The hold was released already; place another if it is still needed"
