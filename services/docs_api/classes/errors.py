"""What can be wrong with a class."""

from services.kernel.problems import Conflict


class ClassTaken(Conflict):
    slug = "class-taken"
    title = "The firm has a class with this id already"
