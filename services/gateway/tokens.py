"""From an access token to a principal. The token says which roles; what a role may do is ours to say."""

from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.gateway.errors import FactorMissing, TokenBound, TokenMissing, TokenUnbound
from services.kernel.networks import network
from services.kernel.principal import PROGRAM_ACR, Principal
from services.kernel.problems import Unauthorized
from services.kernel.scopes import Role, Scope, scopes_of
from services.keys.compact import CompactToken
from services.keys.keyring import Keyring
from services.keys.verification import TokenError, TokenVerifier

TYP: Final = "at+jwt"
MAX_LIFETIME_SECONDS: Final = 600
ACCEPTED_ACR: Final = frozenset({"aal2", "aal3"})
_CACHED_PRINCIPALS: Final = 4096
_WITH_PROOF: Final = {b"bearer": False, b"dpop": True}

Claims = dict[str, object]


class AccessTokens:
    """Believes the access tokens of one deployment, which is both their issuer and their audience."""

    def __init__(self, public_url: str, keyring: Keyring) -> None:
        self.verifier = TokenVerifier(keyring, issuer=public_url, lifetimes={TYP: MAX_LIFETIME_SECONDS})
        self._public_url = public_url
        self._principals: OrderedDict[str, Principal] = OrderedDict()

    def identify(self, authorization: bytes | None, now: datetime) -> Principal:
        """Who sends this `Authorization` header.

        Raises:
            TokenMissing: there is none.
            Unauthorized: it holds no token that is genuine, ours, and valid now; the cause tells why.
            TokenBound, TokenUnbound: the token is not one that goes by this scheme.
            FactorMissing: the token is not of two factors.
        """
        if authorization is None:
            raise TokenMissing
        scheme, _, sent = authorization.partition(b" ")
        with_proof = _WITH_PROOF.get(scheme.lower())
        if with_proof is None:
            raise Unauthorized
        token = sent.decode("latin-1")
        try:
            claims = self.verifier.verify(token, typ=TYP, audience=self._public_url, now=now)
            principal = self._principals.get(token) or self._remember(token, claims)
        except TokenError as error:
            raise Unauthorized from error
        if (principal.proof_key is not None) != with_proof:
            raise TokenUnbound if with_proof else TokenBound
        if principal.acr not in ACCEPTED_ACR and not principal.is_program:
            raise FactorMissing
        return principal

    def _remember(self, token: str, claims: Claims) -> Principal:
        """Keep what was read from a token; it is used again only after the token was verified again."""
        # Its key is what the signature was verified with, whatever the claims may say.
        kid = _string(CompactToken.of(token).unverified_header()["kid"])
        self._principals[token] = principal = replace(principal_of_claims(claims), key=kid)
        if len(self._principals) > _CACHED_PRINCIPALS:
            self._principals.popitem(last=False)
        return principal


def principal_of_claims(claims: Claims) -> Principal:
    """The principal that verified claims speak of. A scope that none of the roles gives is left out.

    Raises:
        TokenError: a claim is missing, or not of its type.
    """
    try:
        roles = frozenset(Role(name) for name in _strings(claims["roles"]))
        _check_kind(roles, claims["acr"])
        organization, firm = UUID(_string(claims["org"])), UUID(_string(claims["firm"]))
        scopes = frozenset(Scope(name) for name in _string(claims["scope"]).split())
        return Principal(
            id=UUID(_string(claims["sub"])),
            organization=organization,
            firm=firm,
            session=UUID(_string(claims["sid"])),
            roles=roles,
            scopes=scopes & scopes_of(roles, acting_for_another=firm != organization),
            acr=_string(claims["acr"]),
            amr=tuple(_strings(claims["amr"])),
            auth_time=_moment(claims["auth_time"]),
            upload=UUID(_string(claims["upload"])) if "upload" in claims else None,
            networks=tuple(map(network, _strings(claims.get("networks", [])))),
            proof_key=_proof_key(claims),
            key=_string(claims["key"]) if "key" in claims else None,
        )
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise TokenError("bad-claims") from error


def _check_kind(roles: frozenset[Role], acr: object) -> None:
    """A program's role is its only one, and goes with a program's `acr`; neither goes with a person."""
    program = roles == {Role.CLIENT}
    if program != (Role.CLIENT in roles) or program != (acr == PROGRAM_ACR):
        raise ValueError("neither a person nor a program")


def _proof_key(claims: Claims) -> str | None:
    """The confirmation of RFC 9449 section 6: the thumbprint of a key, and of nothing else."""
    confirmation = claims.get("cnf")
    if confirmation is None:
        return None
    if not isinstance(confirmation, dict) or set(confirmation) != {"jkt"}:
        raise ValueError("a token is confirmed in another way")
    return _string(confirmation["jkt"])


def claims_of_principal(principal: Principal) -> Claims:
    """The inverse of `principal_of_claims`, for the assertion that travels to a service."""
    some: Claims = {"upload": str(principal.upload)} if principal.upload else {}
    if principal.key is not None:
        some["key"] = principal.key
    return some | {
        "sub": str(principal.id),
        "org": str(principal.organization),
        "firm": str(principal.firm),
        "sid": str(principal.session),
        "roles": sorted(principal.roles),
        "scope": " ".join(sorted(principal.scopes)),
        "acr": principal.acr,
        "amr": list(principal.amr),
        "auth_time": int(principal.auth_time.timestamp()),
    }


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a claim is not text")  # noqa: TRY004 -- one error for every wrong claim
    return value


def _strings(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a claim is not a list")  # noqa: TRY004 -- as above
    return [_string(each) for each in value]


def _moment(value: object) -> datetime:
    if type(value) is not int:
        raise ValueError("a claim is not a time")
    return datetime.fromtimestamp(value, UTC)
