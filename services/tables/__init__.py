"""The shared Postgres schema: one file per owner, each table with one writer; grants are made from it."""

from services.tables import (
    agreements,
    audit,
    auth,
    canaries,
    clients,
    content,
    docs,
    evidence,
    externals,
    fixity,
    gateway,
    holds,
    mail,
    roots,
    rotations,
    sessions,
    teams,
)
from services.tables.schema import Record

__all__ = [
    "Record",
    "agreements",
    "audit",
    "auth",
    "canaries",
    "clients",
    "content",
    "docs",
    "evidence",
    "externals",
    "fixity",
    "gateway",
    "holds",
    "mail",
    "roots",
    "rotations",
    "sessions",
    "teams",
]
