"""Queries that every page asks: put into SQL once, then only given other values.

Making the SQL of a query takes Django longer than the database takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Value = int | str | datetime


@dataclass(frozen=True, slots=True)
class _Plan:
    """The SQL, its parameters, which of them are whose value, and how columns are read."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]


class Prepared:
    """A query made of ids, words and moments: ``make`` gets as many as ``kinds`` says, and gives
    it with ``values_list``. What depends on anything else than these must not be prepared."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[Value]) -> None:
        self._make = make
        self._kinds = kinds
        self._plans: dict[str, _Plan] = {}

    def rows(self, *values: Value) -> list[tuple[Any, ...]]:
        """What the query finds, column for column as ``values_list`` does."""
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = self._planned()
        parameters = list(plan.parameters)
        for place, number in plan.places:
            parameters[place] = _adapted(values[number])
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            found = cursor.fetchall()
        return list(_read(found, plan)) if plan.converters else list(found)

    def _planned(self) -> _Plan:
        marks = [_mark(kind, number) for number, kind in enumerate(self._kinds)]
        compiler = self._make(*marks).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        adapted = [_adapted(mark) for mark in marks]
        places = tuple(
            (place, adapted.index(value))
            for place, value in enumerate(parameters)
            if value in adapted
        )
        converters = compiler.get_converters([one[0] for one in compiler.select])
        return _Plan(str(sql), tuple(parameters), places, converters)


def _mark(kind: type[Value], number: int) -> Value:
    """A value nothing else in a query has."""
    if kind is int:
        return -4_611_686_018_427_387_000 - number
    if kind is str:
        return f"\x01\x02{number}"
    return datetime(1801, 1, 1 + number, 1, 2, 3, 4567, tzinfo=UTC)


def _adapted(value: Value) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _read(found: Sequence[tuple[Any, ...]], plan: _Plan) -> Iterator[tuple[Any, ...]]:
    for row in found:
        values = list(row)
        for column, (converters, expression) in plan.converters.items():
            for convert in converters:
                values[column] = convert(values[column], expression, connection)
        yield tuple(values)
