"""Where the OAuth endpoints are."""

from typing import Final

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 -- a path
INTROSPECTION_PATH: Final = "/oauth/introspect"
REVOCATION_PATH: Final = "/oauth/revoke"
KEYS_PATH: Final = "/oauth/keys"
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
