"""Queries that every page asks: put into SQL once, then only given other values.

Making the SQL of a query takes Django longer than the database takes to answer it. PostgreSQL
plans it once for each connection, too, where `DATABASE_PREPARED` lets it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)
_MARK = re.compile("(?<!%)%s")
Value = int | str | datetime | Sequence[int]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The SQL, its parameters, which of them are whose value, and how columns are read; and of a
    query for objects how these are made of a row."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]
    names: tuple[str, ...]
    related: tuple[Any, ...]


class Prepared:
    """A query made of ids, words, moments and lists of ids: ``make`` gets as many as ``kinds``
    says (`list` is to be used with `among`). What depends on anything else than these must not
    be prepared."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type[Any]) -> None:
        self._make = make
        self._kinds = kinds
        self._plans: dict[str, _Plan] = {}

    def rows(self, *values: Value) -> list[tuple[Any, ...]]:
        """What a query with ``values_list`` finds, column for column."""
        return self._found(self._plan(), values)

    def objects(self, model: type[M], *values: Value) -> list[M]:
        """What a query for objects of that model finds, with what its ``select_related`` names."""
        plan = self._plan()
        found = []
        for row in self._found(plan, values):
            one = model.from_db("default", plan.names, row[: len(plan.names)])
            for populator in plan.related:
                populator.populate(row, one)
            found.append(one)
        return found

    def _found(self, plan: _Plan, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        parameters = list(plan.parameters)
        for place, number in plan.places:
            parameters[place] = _adapted(values[number])
        found = _answer(plan.sql, parameters)
        return list(_read(found, plan)) if plan.converters else found

    def _plan(self) -> _Plan:
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = self._planned()
        return plan

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
        names, related = _made_of(compiler)
        return _Plan(str(sql), tuple(parameters), places, converters, names, related)


def among(model: type[Model], column: str, ids: Sequence[int]) -> RawSQL:
    """The condition for rows whose column, a whole number, is one of these: one value, however
    many they are."""
    quote = connection.ops.quote_name
    name = f"{quote(model._meta.db_table)}.{quote(column)}"
    text = _spoken(f"({name} = ANY(%s))", _has_arrays())
    return RawSQL(text, (_adapted(ids),), output_field=BooleanField())  # noqa: S611 - names of our tables


def run(sql: str, *values: Value) -> list[tuple[Any, ...]]:
    """The rows a constant statement gives back, if any. It is written for PostgreSQL; ``= ANY(%s)``
    takes a list of ids on SQLite as well."""
    return _answer(_spoken(sql, _has_arrays()), [_adapted(value) for value in values])


@cache
def _spoken(sql: str, has_arrays: bool) -> str:
    return sql if has_arrays else sql.replace("= ANY(%s)", "IN (SELECT value FROM json_each(%s))")


def _made_of(compiler: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The columns of an object in a row, and what makes the related ones."""
    if not compiler.query.default_cols:  # of `values_list`
        return (), ()
    made = compiler.klass_info
    names = tuple(compiler.select[at][0].target.attname for at in made["select_fields"])
    populators: Any = get_related_populators  # the types are those of another version
    return names, tuple(populators(made, compiler.select, "default"))


def _answer(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows a statement gives back, if any."""
    if connection.queries_logged:  # which only Django's own cursors do
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall()) if cursor.description else []
    with _cursor() as cursor:
        cursor.execute(_marked(sql, _has_arrays()), parameters)
        return list(cursor.fetchall()) if cursor.description else []


def _cursor() -> Any:
    """On PostgreSQL one that leaves values to the server, as nothing else is planned once; both
    take the statement as it is, in the database's own marks."""
    connection.ensure_connection()
    known: Any = connection
    if _has_arrays():
        return known.make_cursor(known.Database.RawCursor(known.connection))
    return known.make_cursor(known.connection.cursor())


@cache
def _marked(sql: str, has_numbers: bool) -> str:
    """A statement with the database's own marks for values: Django writes those of SQLite anew
    each time, psycopg those of PostgreSQL where a statement is long."""
    numbers = count(1)
    return _MARK.sub(lambda _: f"${next(numbers)}" if has_numbers else "?", sql).replace("%%", "%")


def _has_arrays() -> bool:
    return connection.vendor == "postgresql"


def _mark(kind: type[Any], number: int) -> Value:
    """A value nothing else in a query has."""
    if kind is list:
        return [_mark(int, number)]  # type: ignore[list-item]  # an int, as asked
    if kind is int:
        return -4_611_686_018_427_387_000 - number
    if kind is str:
        return f"\x01\x02{number}"
    return datetime(1801, 1, 1 + number, 1, 2, 3, 4567, tzinfo=UTC)


def _adapted(value: Value) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, (int, str)):
        return value
    return list(value) if _has_arrays() else json.dumps(list(value))


def _read(found: Sequence[tuple[Any, ...]], plan: _Plan) -> Iterator[tuple[Any, ...]]:
    for row in found:
        values = list(row)
        for column, (converters, expression) in plan.converters.items():
            for convert in converters:
                values[column] = convert(values[column], expression, connection)
        yield tuple(values)
