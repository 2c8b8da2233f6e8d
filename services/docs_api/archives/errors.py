"""Why a set of documents does not become one archive."""

from services.kernel.problems import RedwellError


class ArchiveTooLarge(RedwellError):
    status = 422
    slug = "archive-too-large"
    title = "The set holds more documents, or more bytes, than one archive may; take it in parts"


class TooManyFolders(RedwellError):
    status = 422
    slug = "too-many-folders"
    title = "The matter has too many folders to search by name; name the class, or the documents"
