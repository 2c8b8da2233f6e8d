"""The decision: the head of a request in; an operation and its principal out, or a problem.

Pure, and the same for both faces. The steps, in their order:

1. The target is spelled in the one plain way (400), and no header is reserved or ambiguous (400).
2. The host is ours (421).
3. The path belongs to an operation (404), and the operation takes this method (405).
4. The version is ours, where the protocol is tus (412). The body is not encoded, is of the operation's type
   (415), and declares no length beyond its limit (413).
5. The operation is public; or the secret in the path is one that opens an upload (404), whatever else is
   sent; or the token is genuine, ours, valid now, and of two factors or a program's, comes with a proof of
   the key that it is bound to, if it is, and from where the program may (401). That no proof was used before
   is asked of the database afterwards.
6. The principal has every scope that the operation wants (403).
7. The last factor is recent enough for the operation (401, RFC 9470): nobody proves one for a refusal. A
   program has none, so it never is.

What is public knowledge (paths, methods, types) is refused before the token is looked at; whatever is refused
from step 6 on is the refusal of an identified principal. Sessions and grants are the services' own queries.
"""

from dataclasses import dataclass
from datetime import datetime

from services.gateway.errors import CapabilityUnknown, NetworkRefused, TusVersionUnsupported
from services.gateway.head import (
    Fields,
    RequestHead,
    check_coding,
    check_host,
    check_target,
    read_fields,
)
from services.gateway.policy import PolicyTable
from services.gateway.proofs import Asked, proof_of_anybody, proof_of_token
from services.gateway.tokens import AccessTokens
from services.kernel.http.operation import Operation
from services.kernel.http.tus import VERSION
from services.kernel.networks import within
from services.kernel.principal import Principal
from services.kernel.problems import (
    BadRequest,
    Forbidden,
    RedwellError,
    StepUpRequired,
    TooLarge,
    UnsupportedMediaType,
)
from services.keys.proofs import Proof

_MAX_LENGTH_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Rules:
    """What a decision is made by: the table, whose tokens are believed, and the hosts served."""

    table: PolicyTable
    tokens: AccessTokens
    hosts: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Decision:
    """How far a request came. It is admitted when there is no problem; then there is an operation.

    A `proof` is good for the request, and must be found new yet.
    """

    operation: Operation | None
    principal: Principal | None
    user_agent: str
    problem: RedwellError | None
    proof: Proof | None = None


def decide(head: RequestHead, rules: Rules, now: datetime, holder: Principal | None = None) -> Decision:
    """Decide on one request; never raises for what a client sent.

    `holder` is whom the secret in the path stands for, once that is known: it counts for operations that take
    such a secret, and for no other.
    """
    fields, operation, principal, proof = Fields({}), None, None, None
    try:
        # 1, 2
        check_target(head.raw_path, head.query)
        fields = read_fields(head.headers)
        check_host(fields, rules.hosts)
        # 3
        operation = rules.table.find(head.method, head.raw_path)
        # 4
        _check_dialect(operation, fields)
        _check_body(operation, fields)
        # 5
        asked = Asked(operation, head, fields, rules.hosts)
        if operation.access == "public":
            proof = proof_of_anybody(asked, now)
        else:
            principal, proof = _identified(asked, rules, now, holder)
            _check_network(principal, head.address)
            # 6, 7
            _check_scopes(operation, principal)
            _check_factor(operation, principal, now)
    except RedwellError as problem:
        return Decision(operation, principal, fields.user_agent, problem, proof)
    return Decision(operation, principal, fields.user_agent, None, proof)


def _identified(
    asked: Asked, rules: Rules, now: datetime, holder: Principal | None
) -> tuple[Principal, Proof | None]:
    if asked.operation.access != "capability":
        principal = rules.tokens.identify(asked.fields.get(b"authorization"), now)
        return principal, proof_of_token(asked, principal, now)
    # A client repeats the token that it began with, which may have ended long ago: it is not looked at.
    if holder is None or holder.upload is None:
        raise CapabilityUnknown
    return holder, None


def _check_network(principal: Principal, address: str) -> None:
    if principal.networks and not within(address, principal.networks):
        raise NetworkRefused


def _check_dialect(operation: Operation, fields: Fields) -> None:
    if operation.dialect != "tus" or operation.method == "OPTIONS":
        return
    if fields.get(b"tus-resumable") != VERSION.encode():
        raise TusVersionUnsupported


def _check_body(operation: Operation, fields: Fields) -> None:
    check_coding(fields)
    length = _declared_length(fields)
    if operation.media_type is not None and not _is_type(fields.get(b"content-type"), operation.media_type):
        raise UnsupportedMediaType
    if operation.body_limit_bytes is not None and length > operation.body_limit_bytes:
        raise TooLarge


def _declared_length(fields: Fields) -> int:
    """What Content-Length says; 0 without one, since the services count the bytes anyway."""
    length = fields.get(b"content-length")
    if length is None:
        return 0
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS:
        raise BadRequest
    return int(length)


def _is_type(content_type: bytes | None, media_type: str) -> bool:
    """Whether the header names this type; the one parameter taken is `charset=utf-8`."""
    if content_type is None:
        return False
    found, _, parameter = content_type.decode("latin-1").lower().partition(";")
    return found.strip() == media_type and parameter.strip().replace('"', "") in ("", "charset=utf-8")


def _check_factor(operation: Operation, principal: Principal, now: datetime) -> None:
    limit = operation.factor_max_age_seconds
    if limit is None:
        return
    if principal.is_program or (now - principal.auth_time).total_seconds() > limit:
        raise StepUpRequired(limit, "Bearer" if principal.proof_key is None else "DPoP")


def _check_scopes(operation: Operation, principal: Principal) -> None:
    if not principal.scopes.issuperset(operation.scopes):
        raise Forbidden
