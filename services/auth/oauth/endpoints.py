"""Where the OAuth endpoints are."""

from typing import Final

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 -- a path
DEVICE_AUTHORIZATION_PATH: Final = "/oauth/device_authorization"
VERIFICATION_PATH: Final = "/device"
"""The page where people type the code that a device shows."""
INTROSPECTION_PATH: Final = "/oauth/introspect"
REVOCATION_PATH: Final = "/oauth/revoke"
KEYS_PATH: Final = "/oauth/keys"
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
