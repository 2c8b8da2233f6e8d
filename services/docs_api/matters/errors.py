"""What can be wrong with a matter."""

from services.kernel.problems import Conflict


class MatterNumberTaken(Conflict):
    slug = "matter-number-taken"
    title = "The firm has a matter with this number already"


class MatterClosed(Conflict):
    slug = "matter-closed"
    title = "The matter is closed; nothing is added to it"
