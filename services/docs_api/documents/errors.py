"""What can be wrong with a document."""

from services.kernel.problems import Conflict


class DocumentWithdrawn(Conflict):
    slug = "document-withdrawn"
    title = "The document is withdrawn; restore it first"


class DocumentNotWithdrawn(Conflict):
    slug = "document-not-withdrawn"
    title = "The document is not withdrawn; there is nothing to restore"
