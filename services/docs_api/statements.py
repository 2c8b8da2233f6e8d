"""Statements of the hot path: compiled once by SQLAlchemy, run by asyncpg with nothing in between."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from services.kernel.database import driver_connection

_PLACE = re.compile(r"\$(?P<place>\d+)::(?P<type>UUID|BIGINT|INTEGER|VARCHAR|TIMESTAMP WITH TIME ZONE)\b")


class Prepared:
    """A statement whose parameters are given by name."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self.order = tuple(compiled.positiontup or ())
        self.fixed = dict(compiled.params)

    async def first(self, session: AsyncSession, values: Mapping[str, object]) -> asyncpg.Record | None:
        connection = await driver_connection(session)
        return await connection.fetchrow(self.sql, *self._arguments(values))

    async def all(self, session: AsyncSession, values: Mapping[str, object]) -> list[asyncpg.Record]:
        connection = await driver_connection(session)
        rows: list[asyncpg.Record] = await connection.fetch(self.sql, *self._arguments(values))
        return rows

    async def run(self, session: AsyncSession, values: Mapping[str, object]) -> None:
        connection = await driver_connection(session)
        await connection.execute(self.sql, *self._arguments(values))

    def _arguments(self, values: Mapping[str, object]) -> list[Any]:
        return [values[name] if name in values else self.fixed[name] for name in self.order]


class Crowd:
    """A query asked for many at once: everyone gets the rows that the query alone would give them.

    Args:
        query: of the rows of one.
        names: its parameters that differ from one to the next; the others keep what they were built with.
    """

    def __init__(self, query: Prepared, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.shared: list[object] = []
        types: dict[str, str] = {}

        def put_in(found: re.Match[str]) -> str:
            name, kind = query.order[int(found["place"]) - 1], found["type"]
            if name in self.names:
                types[name] = kind
                return f"asked.{name}"
            self.shared.append(query.fixed[name])
            return f"${len(self.names) + len(self.shared)}::{kind}"

        one = _PLACE.sub(put_in, query.sql)
        assert one.count("$") == len(self.shared), "a parameter's type is not known here"
        arrays = ", ".join(f"${place}::{types[name]}[]" for place, name in enumerate(self.names, 1))
        columns = ", ".join(self.names)
        self.sql = (
            f"SELECT asked.turn, one.* FROM unnest({arrays}) WITH ORDINALITY AS asked({columns}, turn) "  # noqa: S608 -- ours
            f"CROSS JOIN LATERAL ({one}) AS one"
        )

    async def each(
        self, session: AsyncSession, values: Sequence[Mapping[str, object]]
    ) -> list[list[asyncpg.Record]]:
        """The rows of each, in the order of `values`."""
        found: list[list[asyncpg.Record]] = [[] for _ in values]
        if values:
            connection = await driver_connection(session)
            arrays = [[one[name] for one in values] for name in self.names]
            for row in await connection.fetch(self.sql, *arrays, *self.shared):
                found[row["turn"] - 1].append(row)
        return found
