"""Tokens nobody should believe: confused algorithms and types, injected headers, and what breaks parsers.

Each corpus maps a name to a token, signed with the genuine key wherever a signature is not the point.
"""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from services.keys.signing import SigningKey

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ISSUED = int(NOW.timestamp())
AUDIENCE, ISSUER = "https://localhost:8443", "https://localhost:8443/"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = SigningKey(PRIVATE)
OTHER = SigningKey.generate()
HEADER: dict[str, object] = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid}
CLAIMS: dict[str, object] = {
    "iss": ISSUER,
    "sub": "0192f0c1-0000-7000-8000-000000000001",
    "aud": AUDIENCE,
    "jti": "0192f0c1-0000-7000-8000-000000000002",
    "iat": ISSUED,
    "nbf": ISSUED,
    "exp": ISSUED + 300,
}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def es256(message: bytes) -> bytes:
    r, s = decode_dss_signature(PRIVATE.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def token(header: bytes, payload: bytes, sign: Callable[[bytes], bytes] = es256) -> str:
    """A token of exactly these bytes, signed with the genuine key unless another way is given."""
    signed = f"{encode(header)}.{encode(payload)}"
    return f"{signed}.{encode(sign(signed.encode()))}"


def with_header(**change: object) -> str:
    return token(as_json(HEADER | change), as_json(CLAIMS))


def with_claims(**change: object) -> str:
    return token(as_json(HEADER), as_json(CLAIMS | change))


def with_payload(text: str) -> str:
    return token(as_json(HEADER), text.encode())


def without(name: str) -> str:
    return token(as_json(HEADER), as_json({key: value for key, value in CLAIMS.items() if key != name}))


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda message: hmac.digest(secret, message, "sha256")


def public(encoding: serialization.Encoding) -> bytes:
    return PRIVATE.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


GENUINE = token(as_json(HEADER), as_json(CLAIMS))
PARTS = GENUINE.split(".")
FORGED = SigningKey.generate().sign("at+jwt", CLAIMS).split(".")[2]
HS256 = as_json(HEADER | {"alg": "HS256"})
RSA = rsa.generate_private_key(65537, 2048)
WITHOUT_END = json.dumps(CLAIMS)[:-1]


ALGORITHMS = {
    "none": token(as_json(HEADER | {"alg": "none"}), as_json(CLAIMS), lambda _: b""),
    "none with a signature": with_header(alg="none"),
    "None in other case": with_header(alg="NoNe"),
    "HS256 keyed with the PEM": token(HS256, as_json(CLAIMS), hs256(public(serialization.Encoding.PEM))),
    "HS256 keyed with the DER": token(HS256, as_json(CLAIMS), hs256(public(serialization.Encoding.DER))),
    "HS256 keyed with the JWK": token(HS256, as_json(CLAIMS), hs256(as_json(KEY.public_jwk()))),
    "HS256 keyed with nothing": token(HS256, as_json(CLAIMS), hs256(b"")),
    "HS256 padded to the length of ES256": token(
        HS256, as_json(CLAIMS), lambda m: hs256(public(serialization.Encoding.DER))(m) * 2
    ),
    "RS256 with a key of one's own": token(
        as_json(HEADER | {"alg": "RS256"}),
        as_json(CLAIMS),
        lambda m: RSA.sign(m, PKCS1v15(), hashes.SHA256()),
    ),
    "ES384": with_header(alg="ES384"),
    "ES25": with_header(alg="ES25"),
    "lower case": with_header(alg="es256"),
    "list": with_header(alg=["ES256"]),
    "object": with_header(alg={"ES256": 1}),
    "number": with_header(alg=256),
    "null": with_header(alg=None),
    "true": with_header(alg=True),
    "key of one's own under a known name": f"{PARTS[0]}.{PARTS[1]}.{FORGED}",
    "another known key than the one named": with_header(kid=OTHER.kid),
    "signature of zeros": f"{PARTS[0]}.{PARTS[1]}.{'A' * 86}",
    "signature of the order": token(as_json(HEADER), as_json(CLAIMS), lambda _: P256_ORDER.to_bytes(32) * 2),
    "signature in DER": token(
        as_json(HEADER), as_json(CLAIMS), lambda m: PRIVATE.sign(m, ec.ECDSA(hashes.SHA256()))
    ),
    "payload changed after signing": f"{PARTS[0]}.{encode(as_json(CLAIMS | {'sub': 'admin'}))}.{PARTS[2]}",
    "header changed after signing": f"{encode(as_json(HEADER) + b' ')}.{PARTS[1]}.{PARTS[2]}",
}

HEADERS = {
    **{
        f"header member {name}": with_header(**{name: value})
        for name, value in {
            "jku": "http://127.0.0.1:9/jwks.json",
            "x5u": "http://127.0.0.1:9/chain.pem",
            "jwk": OTHER.public_jwk(),
            "x5c": ["MIIB"],
            "crit": ["exp"],
            "b64": False,
            "zip": "DEF",
            "cty": "JWT",
            "": 1,
        }.items()
    },
    **{
        f"kid {kid!r:.30}": with_header(kid=kid)
        for kid in (
            "",
            "../../../../etc/passwd",
            "/dev/null",
            "' OR 1=1 --",
            "http://127.0.0.1:9/",
            "x" * 200,
            "\u0000",
            "\ud800",
            None,
            7,
        )
    },
    "kid in a list": with_header(kid=[KEY.kid]),
    "kid in an object": with_header(kid={KEY.kid: 1}),
    "kid of ten thousand characters": with_header(kid="k" * 10_000),
    "no kid": token(as_json({"alg": "ES256", "typ": "at+jwt"}), as_json(CLAIMS)),
    "no typ": token(as_json({"alg": "ES256", "kid": KEY.kid}), as_json(CLAIMS)),
    "no alg": token(as_json({"typ": "at+jwt", "kid": KEY.kid}), as_json(CLAIMS)),
    "alg twice": token(b'{"alg":"none",' + as_json(HEADER)[1:], as_json(CLAIMS)),
    "kid twice": token(b'{"kid":"x",' + as_json(HEADER)[1:], as_json(CLAIMS)),
    "header that is a list": token(as_json(list(HEADER.items())), as_json(CLAIMS)),
    "header that is text": token(as_json("ES256 and at+jwt and kid"), as_json(CLAIMS)),
    "header that is null": token(b"null" + b" " * 20, as_json(CLAIMS)),
    "header of open brackets": token(b"[" * 380, as_json(CLAIMS)),
    "header of deep objects": token(b'{"a":' * 70, as_json(CLAIMS)),
    "header in UTF-16": token(json.dumps(HEADER).encode("utf-16"), as_json(CLAIMS)),
    "header after a byte order mark": token(b"\xef\xbb\xbf" + as_json(HEADER), as_json(CLAIMS)),
    "header that is not UTF-8": token(b'{"alg":"\xff\xfe","typ":"at+jwt"}', as_json(CLAIMS)),
    "header with a lone surrogate": token(rb'{"alg":"ES256","typ":"at+jwt","kid":"\ud800"}', as_json(CLAIMS)),
    "header with NaN": token(b'{"alg":NaN,"typ":"at+jwt","kid":"k"}', as_json(CLAIMS)),
    "header with an endless number": token(b'{"alg":1e400,"typ":"at+jwt","kid":"k"}', as_json(CLAIMS)),
}

STRANGE_TIMES: list[Any] = [None, str(ISSUED + 300), float(ISSUED) + 300.5, True, [], {}, -1, 2**53, 10**400]
STRANGE_NAMES: list[Any] = [
    None,
    "",
    7,
    True,
    [],
    ["x"],
    {},
    "\ud800",
    "a\u0000b",
    "a b",
    "a\r\nb",
    "é",
    "x" * 600,
]

PAYLOADS = {
    **{f"no {name}": without(name) for name in CLAIMS},
    **{
        f"{name} {value!r:.20}": with_claims(**{name: value})
        for name in ("exp", "nbf", "iat")
        for value in STRANGE_TIMES
    },
    **{
        f"{name} {value!r:.20}": with_claims(**{name: value})
        for name in ("iss", "aud", "sub", "jti")
        for value in STRANGE_NAMES
    },
    "aud in a list": with_claims(aud=[AUDIENCE]),
    "aud among others": with_claims(aud=[AUDIENCE, "https://evil.example"]),
    "aud of another service": with_claims(aud="audit"),
    "iss of another service": with_claims(iss="https://evil.example"),
    "iss without its slash": with_claims(iss=ISSUER.rstrip("/")),
    "expired": with_claims(exp=ISSUED),
    "long expired": with_claims(iat=0, nbf=0, exp=1),
    "not yet valid": with_claims(nbf=ISSUED + 60),
    "from the future": with_claims(iat=ISSUED + 3600, exp=ISSUED + 3900),
    "lives a year": with_claims(exp=ISSUED + 365 * 86_400),
    "lives for ever": with_payload(WITHOUT_END + ',"exp":1e400}'),
    "exp twice": with_payload(WITHOUT_END + f',"exp":{ISSUED + 500}}}'),
    "sub twice": with_payload(WITHOUT_END + ',"sub":"admin"}'),
    "nested member twice": with_payload(WITHOUT_END + ',"x":{"a":1,"a":2}}'),
    "number with a fraction": with_payload(WITHOUT_END + ',"x":1.5}'),
    "infinity": with_payload(WITHOUT_END + ',"x":-Infinity}'),
    "list": with_payload(json.dumps([CLAIMS])),
    "text": with_payload(json.dumps("a text and not an object")),
    "open brackets": with_payload("[" * 2300),
    "closed brackets": with_payload("[" * 1150 + "]" * 1150),
    "deep objects": with_payload('{"a":' * 450 + "1" + "}" * 450),
    "UTF-16": token(as_json(HEADER), json.dumps(CLAIMS).encode("utf-16")),
    "not UTF-8": token(as_json(HEADER), b'{"sub":"\xff\xfe\xfd\xfc\xfb"}'),
    "rest after the object": with_payload(json.dumps(CLAIMS) + "{}"),
    "another token inside": token(as_json(HEADER), GENUINE.encode()),
    "larger than a token may be": with_claims(x="x" * 4000),
}

SPELLINGS = {
    "nothing": "",
    "dots": "..",
    "two parts": ".".join(PARTS[:2]),
    "four parts": f"{GENUINE}.{PARTS[2]}",
    "five parts, as a JWE": f"{GENUINE}.{PARTS[2]}.{PARTS[2]}",
    "empty signature": f"{PARTS[0]}.{PARTS[1]}.",
    "empty payload": f"{PARTS[0]}..{PARTS[2]}",
    "length no base64 has": f"{'A' * 21}.{PARTS[1]}.{PARTS[2]}",
    "padding": f"{GENUINE}==",
    "padding inside": f"{PARTS[0]}=.{PARTS[1]}.{PARTS[2]}",
    "space before": f" {GENUINE}",
    "line after": f"{GENUINE}\n",
    "line inside": f"{PARTS[0]}.\n{PARTS[1]}.{PARTS[2]}",
    "standard base64": f"{PARTS[0]}.{PARTS[1]}.{'+/' * 43}",
    "NUL": f"{GENUINE}\0",
    "lone surrogate": f"{PARTS[0]}.{PARTS[1]}.{PARTS[2][:-1]}\ud800",
    "other script": f"{PARTS[0]}.{PARTS[1]}.{PARTS[2][:-1]}\u0661",
    "scheme": f"Bearer {GENUINE}",
    "two tokens": f"{GENUINE},{GENUINE}",
    "JSON serialization": json.dumps({"protected": PARTS[0], "payload": PARTS[1], "signature": PARTS[2]}),
    "a million characters": "A" * 1_000_000,
    "a million dots": "." * 1_000_000,
}
