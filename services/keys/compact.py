"""A signed token (compact JWS, RFC 7515) taken apart, strictly: what every verifier here begins with.

python-jose is asked for one thing, the signature. Alphabet, padding, duplicate members and the kinds of
values are settled here, so that no two parsers read one token differently.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Final, NoReturn, Self

from jose import jws
from jose.backends import ECKey

from services.keys.errors import KeysError
from services.keys.signing import ALGORITHM

# An ES256 signature is 64 bytes: 86 characters, never padded. The bounds keep nesting and size harmless.
_TOKEN: Final = re.compile(
    r"([A-Za-z0-9_-]{20,512})\.([A-Za-z0-9_-]{20,3072})\.([A-Za-z0-9_-]{86})", re.ASCII
)

Claims = dict[str, object]


class TokenError(KeysError):
    """A token is not believed.

    Attributes:
        reason: a stable slug for the log and the evidence; a caller outside learns only that it failed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The token is not accepted: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A token in its three parts, nothing of it believed yet."""

    text: str = field(repr=False)
    parts: tuple[str, str, str] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        """Split `text` (raises TokenError when it has no such form)."""
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise TokenError("malformed")
        header, payload, signature = match.groups()
        return cls(text, (header, payload, signature))

    def unverified_header(self) -> Claims:
        """The header, to find a key by (raises TokenError when it cannot be read in one way only)."""
        header, *others = (_decode_base64url(part) for part in self.parts)
        assert len(others) == len(self.parts) - 1
        return _parse_object(header)

    def unverified_claims(self) -> Claims:
        """The claims, to find out whose keys to try; believe `claims` alone (raises TokenError as above)."""
        return _parse_object(_decode_base64url(self.parts[1]))

    def claims(self, jose_key: ECKey) -> Claims:
        """What the holder of `jose_key` signed.

        Raises:
            TokenError: nothing, or not with this key and ES256; or the claims are not one object.
        """
        try:
            jws.verify(self.text, jose_key, algorithms=[ALGORITHM])
        except (
            Exception
        ) as exc:  # python-jose lets errors of many unrelated kinds escape; each means "not genuine"
            raise TokenError("bad-signature") from exc
        return self.unverified_claims()


def _decode_base64url(part: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as exc:
        raise TokenError("malformed") from exc
    # Trailing bits that mean nothing would give one token many spellings.
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != part:
        raise TokenError("malformed")
    return data


def _parse_object(data: bytes) -> Claims:
    try:
        parsed = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as exc:
        raise TokenError("malformed") from exc
    if not isinstance(parsed, dict):
        raise TokenError("malformed")
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> Claims:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A member is given twice.")
    return members


def _refuse(_text: str) -> NoReturn:
    raise ValueError("A token holds no fractions.")
