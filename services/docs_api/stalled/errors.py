"""Why an upload is left as it is."""

from services.kernel.problems import Conflict


class UploadNotStalled(Conflict):
    slug = "upload-not-stalled"
    title = "The upload has not waited for so long that it could be given up for its sender"


class ContentHeld(Conflict):
    slug = "content-held"
    title = "The content is under a hold, and stays until that is released"
