"""E-mail addresses as identifiers: one spelling for each, so that an index finds it (RFC 5321, RFC 6532)."""

import re
import unicodedata

_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def normalise(address: str) -> str:
    """The one spelling of `address`: NFC and lower case. A domain is ASCII (an international one is `xn--…`).

    Raises:
        ValueError: it is not an address that mail could be sent to.
    """
    local, _, domain = unicodedata.normalize("NFC", address).lower().rpartition("@")
    printable = all(unicodedata.category(character)[0] != "C" for character in local)
    if not (printable and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise ValueError("not an e-mail address")
    return f"{local}@{domain}"
