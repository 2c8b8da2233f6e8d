"""Proofs of possession that nobody should believe; signed with the key they name where that is no point."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.keys.proofs import token_digest
from services.keys.signing import SigningKey
from tests.security.hostile_tokens import (
    HS256,
    ISSUED,
    P256_ORDER,
    PRIVATE,
    as_json,
    encode,
    hs256,
    token,
)

URL = "https://localhost:8443"
PATH = "/v1/matters"
ACCESS = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
_PUBLIC = SigningKey(PRIVATE).public_jwk()
JWK: dict[str, object] = {name: _PUBLIC[name] for name in ("kty", "crv", "x", "y")}
HEADER: dict[str, object] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}
CLAIMS: dict[str, object] = {
    "jti": "0192f0c1-0000-7000-8000-000000000003",
    "htm": "GET",
    "htu": URL + PATH,
    "iat": ISSUED,
    "ath": token_digest(ACCESS),
}
_OTHER = SigningKey.generate().public_jwk()
_SECRET = encode(PRIVATE.private_numbers().private_value.to_bytes(32))
_RSA = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
_P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()


def with_header(**change: object) -> str:
    return token(as_json(HEADER | change), as_json(CLAIMS))


def with_key(**change: object) -> str:
    return with_header(jwk=JWK | change)


def with_claims(**change: object) -> str:
    return token(as_json(HEADER), as_json(CLAIMS | change))


def without(name: str) -> str:
    return token(as_json(HEADER), as_json({key: value for key, value in CLAIMS.items() if key != name}))


def _number(value: int, size: int) -> str:
    return encode(value.to_bytes(size))


GENUINE = token(as_json(HEADER), as_json(CLAIMS))
PARTS = GENUINE.split(".")
_END = json.dumps(CLAIMS)[:-1]
_STRANGE_KEYS: list[Any] = [None, "", "x", 7, True, [], {}, [JWK]]
_STRANGE_TYPES: list[Any] = ["JWT", "at+jwt", "DPOP+JWT", "", None, 1, []]
_STRANGE_ALGORITHMS: list[Any] = [
    *("none", "HS256", "ES384", "RS256", "EdDSA", "es256"),
    *(None, ["ES256"], 256),
]
_STRANGE_TIMES: list[Any] = [
    *(None, str(ISSUED), float(ISSUED) + 0.5, True, [], {}),
    *(-1, 0, 2**53, 2**63, 10**400),
]

KEYS = {
    "another key than the one that signed": with_header(jwk={name: _OTHER[name] for name in JWK}),
    "private half": with_key(d=_SECRET),
    "private half alone": with_header(jwk={"kty": "EC", "crv": "P-256", "d": _SECRET}),
    **{f"key member {name}": with_key(**{name: "x"}) for name in ("kid", "use", "alg", "x5c", "x5u", "")},
    **{f"key without {name}": with_header(jwk={key: JWK[key] for key in JWK if key != name}) for name in JWK},
    "key with numbers": with_key(x=7),
    "key with a list": with_key(y=[JWK["y"]]),
    "kty oct": with_header(jwk={"kty": "oct", "k": encode(b"k" * 32)}),
    "kty RSA": with_header(jwk={"kty": "RSA", "n": _number(_RSA.n, 256), "e": "AQAB"}),
    "kty OKP": with_header(jwk={"kty": "OKP", "crv": "Ed25519", "x": JWK["x"]}),
    "P-384": with_key(crv="P-384", x=_number(_P384.x, 48), y=_number(_P384.y, 48)),
    "P-384 by name": with_key(crv="P-384"),
    "secp256k1 by name": with_key(crv="secp256k1"),
    "no point": with_key(x=_number(5, 32)),
    "point at zero": with_key(x=_number(0, 32), y=_number(0, 32)),
    "coordinate beyond the field": with_key(x="_" * 42 + "8"),
    "coordinate with padding": with_key(x=f"{JWK['x']}="),
    "coordinate with a zero before it": with_key(x=encode(b"\0" + b"x" * 32)),
    "coordinate in hex": with_key(x="00" * 32),
    "coordinate with loose bits": with_key(x=str(JWK["x"])[:-1] + "B"),
    "coordinate with a surrogate": with_key(x="\ud800" * 43),
    **{f"jwk {value!r:.20}": with_header(jwk=value) for value in _STRANGE_KEYS},
    "key member twice": token(
        as_json(HEADER).replace(b'"kty":"EC"', b'"kty":"oct","kty":"EC"'), as_json(CLAIMS)
    ),
}

HEADERS = {
    **{f"typ {value!r}": with_header(typ=value) for value in _STRANGE_TYPES},
    "typ with its prefix": with_header(typ="application/dpop+jwt"),
    **{f"alg {value!r}": with_header(alg=value) for value in _STRANGE_ALGORITHMS},
    **{
        f"header member {name}": with_header(**{name: value})
        for name, value in {
            "kid": "x",
            "jku": "http://127.0.0.1:9/jwks.json",
            "x5u": "http://127.0.0.1:9/chain.pem",
            "x5c": ["MIIB"],
            "crit": ["exp"],
            "b64": False,
            "zip": "DEF",
            "nonce": "x",
        }.items()
    },
    **{
        f"no {name}": token(as_json({key: HEADER[key] for key in HEADER if key != name}), as_json(CLAIMS))
        for name in HEADER
    },
    "alg twice": token(b'{"alg":"none",' + as_json(HEADER)[1:], as_json(CLAIMS)),
    "HS256 keyed with the JWK": token(HS256, as_json(CLAIMS), hs256(as_json(JWK))),
    "header that is a list": token(as_json(list(HEADER.items())), as_json(CLAIMS)),
    "header of open brackets": token(b"[" * 380, as_json(CLAIMS)),
    "header in UTF-16": token(json.dumps(HEADER).encode("utf-16"), as_json(CLAIMS)),
    "signature of zeros": f"{PARTS[0]}.{PARTS[1]}.{'A' * 86}",
    "signature of the order": token(as_json(HEADER), as_json(CLAIMS), lambda _: P256_ORDER.to_bytes(32) * 2),
    "claims changed after signing": f"{PARTS[0]}.{encode(as_json(CLAIMS | {'htm': 'PUT'}))}.{PARTS[2]}",
}

STRANGE: list[Any] = [None, "", 7, True, [], {}, "\ud800", "a\u0000b", "a b", "é" * 9, "x" * 2100]

REQUESTS = {
    **{f"no {name}": without(name) for name in CLAIMS},
    **{
        f"{name} {value!r:.20}": with_claims(**{name: value})
        for name in ("jti", "htm", "htu", "ath")
        for value in STRANGE
    },
    "jti too short to be random": with_claims(jti="1234567"),
    "jti too long": with_claims(jti="x" * 201),
    "another method": with_claims(htm="POST"),
    "method in lower case": with_claims(htm="get"),
    "method in a list": with_claims(htm=["GET"]),
    **{
        f"address {address}": with_claims(htu=address)
        for address in (
            "http://localhost:8443/v1/matters",
            "https://evil.example/v1/matters",
            "https://localhost/v1/matters",
            "https://localhost:443/v1/matters",
            "https://localhost:8443@evil.example/v1/matters",
            "https://evil.example@localhost:8443/v1/matters",
            "https://localhost:8443.evil.example/v1/matters",
            "https://localhost:8443",
            "https://localhost:8443/",
            "https://localhost:8443/v1",
            "https://localhost:8443/v1/matters/",
            "https://localhost:8443/v1//matters",
            "https://localhost:8443/v1/x/../matters",
            "https://localhost:8443/v1%2Fmatters",
            "https://localhost:8443/V1/matters",
            "https://localhost:8443/v1/matters/x",
            "https://[::1/v1/matters",
            "//localhost:8443/v1/matters",
            "/v1/matters",
            "localhost:8443/v1/matters",
            "javascript:alert(1)",
        )
    },
    "made a minute ago and more": with_claims(iat=ISSUED - 61),
    "made in a minute and more": with_claims(iat=ISSUED + 61),
    **{f"iat {value!r:.20}": with_claims(iat=value) for value in _STRANGE_TIMES},
    "of another token": with_claims(ath=token_digest("another")),
    "token digest with padding": with_claims(ath=f"{token_digest(ACCESS)}="),
    "the token itself": with_claims(ath=ACCESS),
    "iat twice": token(as_json(HEADER), f'{_END},"iat":{ISSUED}}}'.encode()),
    "list": token(as_json(HEADER), json.dumps([CLAIMS]).encode()),
    "open brackets": token(as_json(HEADER), b"[" * 2300),
    "not UTF-8": token(as_json(HEADER), b'{"jti":"\xff\xfe\xfd\xfc\xfb\xfa\xf9"}'),
    "another proof inside": token(as_json(HEADER), GENUINE.encode()),
    "larger than a proof may be": with_claims(x="x" * 4000),
}

SPELLINGS = {
    "dots": "..",
    "two parts": ".".join(PARTS[:2]),
    "four parts": f"{GENUINE}.{PARTS[2]}",
    "padding": f"{GENUINE}==",
    "space before": f" {GENUINE}",
    "two proofs": f"{GENUINE},{GENUINE}",
    "scheme": f"DPoP {GENUINE}",
    "JSON serialization": json.dumps({"protected": PARTS[0], "payload": PARTS[1], "signature": PARTS[2]}),
    "access token": ACCESS,
}
