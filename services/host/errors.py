"""What can keep a host from starting (one sentence for the terminal), and what its HTTP door refuses."""

from services.kernel.problems import BadRequest, Unavailable


class HostError(Exception):
    """The host cannot start or go on; the message says why and what helps."""


class PostgresError(HostError):
    """The embedded Postgres cannot be found, created, started or reached."""


class SupervisorError(HostError):
    """The supervisor cannot hold its data folder, listen, or keep its workers alive."""


class MalformedRequest(BadRequest):
    slug = "malformed-request"
    title = "The bytes received are not one well-formed HTTP/1.1 request"


class RequestTimeout(BadRequest):
    status = 408
    slug = "request-timeout"
    title = "The request arrived too slowly"


class URLTooLong(BadRequest):
    status = 414
    slug = "url-too-long"
    title = "The address of the request is too long"


class NoAnswer(Unavailable):
    slug = "no-answer"
    title = "The service behind the edge did not answer; whether it acted is in the log"


class HeadersTooLarge(BadRequest):
    status = 431
    slug = "headers-too-large"
    title = "The headers of the request are too many or too large"
