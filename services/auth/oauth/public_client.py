"""The one client that people use. It has no secret, and so is named and not proved (RFC 6749 section 2.1)."""

from services.auth.oauth.errors import ClientRefused, InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.tokens import CLIENT_ID


def require_public_client(form: Form) -> None:
    """The form names the client that people use.

    Raises:
        InvalidRequest: it names none.
        ClientRefused: it names another.
    """
    named = form.get("client_id")
    if named is None:
        raise InvalidRequest
    if named != CLIENT_ID:
        raise ClientRefused
