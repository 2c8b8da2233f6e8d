"""How clients are refused to those who administer them.

Conflict 409 ── ClientOver · ClientKeyTaken
InvalidInput 422 ── ClientScopesRefused · ClientKeyRefused · ClientTermRefused · ActingForRefused
"""

from services.kernel.problems import Conflict, InvalidInput


class ClientOver(Conflict):
    slug = "client-over"
    title = "The client was disabled, or its term is over; make another"


class ClientKeyTaken(Conflict):
    slug = "client-key-taken"
    title = "The key was used in this organization before; make a new pair"


class ClientScopesRefused(InvalidInput):
    slug = "client-scopes"
    title = "A program cannot be given these scopes"


class ClientKeyRefused(InvalidInput):
    slug = "client-key-refused"
    title = "The key is no public P-256 key"


class ClientTermRefused(InvalidInput):
    slug = "client-term"
    title = "The term must end in the future, and within a year"


class ActingForRefused(InvalidInput):
    slug = "client-acting-for"
    title = "A provider's program names the one firm that it acts for; a firm's names none"
