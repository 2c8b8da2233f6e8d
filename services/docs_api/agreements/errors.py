"""What can be wrong with a signature."""

from services.kernel.problems import Conflict


class NdaSuperseded(Conflict):
    slug = "nda-superseded"
    title = "There is a newer version of the text; read and sign that one"


class NdaSigned(Conflict):
    slug = "nda-signed"
    title = "You have signed this version already"
