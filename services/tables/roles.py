"""Database roles: one for each service, and one for each job that must look past a single tenant."""

from enum import StrEnum

OWNER = "redwell_owner"
"""Owns every table and cannot log in; row-level security is forced on it too."""

MIGRATOR = "redwell_migrator"
"""Logs in to migrate, by `SET ROLE` to the owner."""


class Role(StrEnum):
    GATEWAY = "redwell_gateway"
    AUTH = "redwell_auth"
    SIGNIN = "redwell_signin"
    COURIER = "redwell_courier"
    DOCS = "redwell_docs"
    SWEEPER = "redwell_sweeper"
    VERIFIER = "redwell_verifier"
    ROTATOR = "redwell_rotator"
    AUDIT = "redwell_audit"
    SEQUENCER = "redwell_sequencer"


LOGIN_ROLES = (MIGRATOR, *Role)
WRITERS_OF_EVIDENCE = (
    Role.GATEWAY,
    Role.AUTH,
    Role.COURIER,
    Role.DOCS,
    Role.SWEEPER,
    Role.ROTATOR,
    Role.AUDIT,
    Role.SEQUENCER,
)
