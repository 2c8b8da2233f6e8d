"""What can be wrong with a file of members."""

from services.kernel.problems import InvalidInput


class MembersFileRefused(InvalidInput):
    """The file as a whole; no row of it was looked at."""

    slug = "members-file-refused"
    title = "This is no file of members"


class MembersRowsRefused(InvalidInput):
    """`rows` says which, and why."""

    slug = "members-rows-refused"
    title = "Some rows cannot be done, so none was"
