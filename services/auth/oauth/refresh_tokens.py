"""The grant `refresh_token` (RFC 6749 section 6): the rules of `/v1/tokens/refresh`, in OAuth's dialect."""

from uuid import UUID

from pydantic import ValidationError

from services.auth.errors import RefreshRefused
from services.auth.oauth.errors import ActingRefused, InvalidGrant, InvalidRequest
from services.auth.oauth.forms import Form
from services.auth.oauth.public_client import require_public_client
from services.auth.oauth.schemas import TokenAnswer
from services.auth.sessions import renewal
from services.auth.sessions.schemas import Renewal
from services.auth.visit import Visit
from services.kernel.problems import Forbidden, NotFound, RedwellError, SessionEnded


async def refresh_token(visit: Visit, form: Form) -> TokenAnswer:
    """New tokens for one that works once; its second use ends the session.

    Raises:
        ClientRefused: the client is not the one that people use.
        InvalidRequest: there is no token, or `acting_for` is no id.
        InvalidGrant: the token is unknown, used or over, or its session is.
        ActingRefused: one may not act for that organization; the token is then still good.
    """
    require_public_client(form)
    text = form.get("refresh_token")
    if text is None:
        raise InvalidRequest
    acting_for = _id(form.get("acting_for"))
    try:
        body = Renewal.model_validate({"refresh_token": text, "acting_for": acting_for})
    except ValidationError:
        raise InvalidGrant from None
    try:
        return TokenAnswer.of(await renewal.refresh(visit, body))
    except (RefreshRefused, SessionEnded) as refused:
        raise _recorded_as(InvalidGrant(), refused) from refused
    except (NotFound, Forbidden) as refused:
        raise _recorded_as(ActingRefused(), refused) from refused


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise InvalidRequest from None


def _recorded_as(told: RedwellError, refused: RedwellError) -> RedwellError:
    """The evidence keeps the exact reason, and is not written twice."""
    told.recorded, told.reason = refused.recorded, refused.reason or refused.slug
    return told
