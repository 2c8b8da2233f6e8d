"""The code that a person reads on one device and types on another. Pure."""

import secrets
from typing import Final

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty letters without vowels (RFC 8628 section 6.1): no words, and none is taken for another."""

LENGTH: Final = 8
"""34.6 bits: a hundred codes that are alive, and fifty tries a day, meet once in 14,000 years."""

_MOST_TYPED: Final = 40


def new_user_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """As it is shown: `BCDF-GHJK`."""
    return f"{code[:4]}-{code[4:]}"


def typed(text: str) -> str | None:
    """The code that was meant, whatever case and punctuation it was typed with; None if it can be none."""
    letters = "".join(letter for letter in text[:_MOST_TYPED] if letter.isalnum())
    code = letters.upper() if letters.isascii() else ""  # elsewhere one letter may become two
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None
