"""Statements of the hot path: compiled once by SQLAlchemy, run by asyncpg with nothing in between."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from services.kernel.database import driver_connection


class Prepared:
    """A statement whose parameters are given by name."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        assert isinstance(compiled, SQLCompiler)
        self._sql = str(compiled)
        self._order = tuple(compiled.positiontup or ())
        self._fixed = dict(compiled.params)

    async def first(self, session: AsyncSession, values: Mapping[str, object]) -> asyncpg.Record | None:
        connection = await driver_connection(session)
        return await connection.fetchrow(self._sql, *self._arguments(values))

    async def all(self, session: AsyncSession, values: Mapping[str, object]) -> list[asyncpg.Record]:
        connection = await driver_connection(session)
        rows: list[asyncpg.Record] = await connection.fetch(self._sql, *self._arguments(values))
        return rows

    def _arguments(self, values: Mapping[str, object]) -> list[Any]:
        return [values[name] if name in values else self._fixed[name] for name in self._order]
