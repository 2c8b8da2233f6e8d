"""What can be wrong with where somebody wants to go on."""

from services.kernel.problems import RedwellError


class ChangesGone(RedwellError):
    status = 410
    slug = "changes-gone"
    title = "Changes since then are no longer kept; list anew, and ask for changes without `after`"
