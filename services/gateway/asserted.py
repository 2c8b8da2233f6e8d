"""An admission as it travels to a service in another process, there and back."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.gateway.tokens import claims_of_principal, principal_of_claims
from services.kernel.principal import Admission
from services.kernel.problems import Unauthorized
from services.keys.assertions import AssertedRequest, Assertion, mint_assertion, verify_assertion
from services.keys.signing import SigningKey
from services.keys.verification import TokenVerifier

ASSERTION_HEADER = b"redwell-assertion"
REQUEST_ID_HEADER = b"redwell-request-id"


def assert_admission(key: SigningKey, admission: Admission, service: str, now: datetime) -> str:
    """The assertion that `service` will believe of this one request."""
    principal = claims_of_principal(admission.principal) if admission.principal else None
    assertion = Assertion(_request(admission, service), principal, admission.address, admission.proof_key)
    return mint_assertion(key, assertion, now)


def verify_admission(
    verifier: TokenVerifier, token: str, received: Admission, service: str, now: datetime
) -> Admission:
    """`received`, with what the gateway asserted of exactly this request: principal, address, proved key.

    Args:
        verifier: of assertions.
        token: the assertion as it came.
        received: the request as it reached the service, with the operation that the service itself finds.
        service: the name this service answers to.
        now: aware time.

    Raises:
        TokenError: the assertion is not genuine, not valid now, for another service, or of another request.
    """
    assertion = verify_assertion(verifier, token, _request(received, service), now)
    principal = None if assertion.principal is None else principal_of_claims(dict(assertion.principal))
    return replace(received, address=assertion.address, principal=principal, proof_key=assertion.proof_key)


def request_id_of(value: bytes) -> UUID:
    """The request id in `REQUEST_ID_HEADER`, in its one spelling.

    Raises:
        Unauthorized: it is none.
    """
    text = value.decode("latin-1")
    try:
        request_id = UUID(text)
    except ValueError as error:
        raise Unauthorized from error
    if str(request_id) != text:
        raise Unauthorized
    return request_id


def _request(admission: Admission, service: str) -> AssertedRequest:
    return AssertedRequest(
        audience=service,
        method=admission.method,
        raw_path=admission.path.encode("latin-1"),
        request_id=str(admission.request_id),
        operation=admission.operation,
    )
