"""Writing many rows of one table at once, at a fraction of what saving objects costs.

The statements are made once per table and columns. Values become what the database driver wants
through the model's own fields, so rows look exactly as if they had been saved. Nothing else of a
save happens: no signals, no `auto_now`, no constraint is checked but those of the database.
Everything runs in the caller's transaction, if any.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BooleanField, Field, ForeignKey, Model, Q
from django.db.models.expressions import RawSQL

M = TypeVar("M", bound=Model)
Row = Sequence[Any]

# SQLite takes 32,766 values in a statement since 3.32; PostgreSQL's rows come as arrays.
MAX_VALUES = 32_000
MAX_ROWS = 1000
_AS_THEY_ARE = {
    "AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "CharField", "IntegerField",
    "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField", "TextField",
}  # fmt: skip


def create(rows: Sequence[M]) -> None:
    """Insert objects and give them their primary keys, in order. Raises IntegrityError."""
    if not rows:
        return
    model = type(rows[0])
    names = tuple(f.attname for f in model._meta.concrete_fields if not f.primary_key)
    values = map(attrgetter(*names), rows)
    keys = insert(model, names, list(values), returning=(_key(model),))
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias


def insert(
    model: type[Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    ignore_conflicts: bool = False,
    conflict: str = "",
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert rows of values; the `returning` columns of what was inserted, in order.

    `columns` are attribute names, foreign keys as "folder_id"; those not named get the model's
    defaults. `ignore_conflicts` passes over rows that a unique constraint refuses, and returns
    nothing for them; `conflict` is SQL that says what else to do with them, without values of
    anybody's: no two of `rows` may be the same to the constraint then. Binary columns are returned
    as bytes.
    """
    if not rows:
        return []
    if ignore_conflicts:
        conflict = "DO NOTHING"
    plan = _insertion(connection.vendor, model, tuple(columns), conflict, tuple(returning))
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for some in _pieces(rows, len(plan.fields)):
            cursor.execute(plan.statement(len(some)), plan.values(some))
            if returning:
                found += cursor.fetchall()
    return [tuple(map(_plain, row)) for row in found] if plan.returns_binary else found


def update(model: type[Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set columns of rows by primary key; each of `rows` is the key and then the values."""
    if not rows:
        return
    plan = _change(connection.vendor, model, tuple(columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for some in _pieces(rows, len(plan.fields)):
                cursor.execute(plan.statement(len(some)), plan.values(some))
        else:
            cursor.executemany(plan.head, [(*row[1:], row[0]) for row in plan.converted(rows)])


def among(model: type[Model], keys: Sequence[int]) -> Q | RawSQL:
    """The condition for rows with these keys; on PostgreSQL one value, however many they are."""
    if connection.vendor != "postgresql":
        return Q(pk__in=keys)
    text = f"({_table(model)}.{_column(_field(model, _key(model)))} = ANY(%s))"
    return RawSQL(text, (list(keys),), output_field=BooleanField())  # noqa: S611 - names of our tables


def _pieces(rows: Sequence[Row], width: int) -> Iterator[Sequence[Row]]:
    step = max(1, min(MAX_ROWS, MAX_VALUES // width))
    return (rows[at : at + step] for at in range(0, len(rows), step))


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


@dataclass(frozen=True, slots=True)
class _Plan:
    """One statement over some columns of a table; `fixed` are defaults that all rows share."""

    head: str
    tail: str
    fields: tuple["Field[Any, Any]", ...]
    converters: tuple[tuple[int, Callable[[Any], Any]], ...]
    defaults: tuple["Field[Any, Any]", ...] = ()
    returns_binary: bool = False

    def statement(self, rows: int) -> str:
        """The statement for this many rows."""
        if connection.vendor == "postgresql":
            return self.head + self.tail
        one = f"({', '.join(['%s'] * len(self.fields))})"
        return self.head + ", ".join([one] * rows) + self.tail

    def values(self, rows: Iterable[Row]) -> list[Any]:
        """The parameters: one array per column on PostgreSQL, else one value after the other."""
        whole = self.converted(rows)
        if connection.vendor == "postgresql":
            return [list(column) for column in zip(*whole, strict=True)]
        return list(chain.from_iterable(whole))

    def converted(self, rows: Iterable[Row]) -> list[list[Any]]:
        """Rows as the driver wants them, with defaults added."""
        fixed = [field.get_default() for field in self.defaults]
        whole = [[*row, *fixed] for row in rows]
        for place, convert in self.converters:
            for row in whole:
                value = row[place]
                if value is not None:
                    row[place] = convert(value)
        return whole


@lru_cache(maxsize=256)
def _insertion(
    vendor: str,
    model: type[Model],
    columns: tuple[str, ...],
    conflict: str,
    returning: tuple[str, ...],
) -> _Plan:
    given = tuple(_field(model, name) for name in columns)
    defaults = tuple(
        field
        for field in model._meta.concrete_fields
        if field not in given and not field.primary_key
    )
    fields = given + defaults
    back = tuple(_field(model, name) for name in returning)
    source = f"SELECT * FROM {_arrays(fields)}" if vendor == "postgresql" else "VALUES "  # noqa: S608 - names of our tables
    head = f"INSERT INTO {_table(model)} ({', '.join(map(_column, fields))}) {source}"
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    tail += f" RETURNING {', '.join(map(_column, back))}" if back else ""
    binary = any(field.get_internal_type() == "BinaryField" for field in back)
    return _Plan(head, tail, fields, _converters(vendor, fields), defaults, binary)


@lru_cache(maxsize=256)
def _change(vendor: str, model: type[Model], columns: tuple[str, ...]) -> _Plan:
    fields = tuple(_field(model, name) for name in (_key(model), *columns))
    names = [_column(field) for field in fields]
    key, *changed = names
    if vendor == "postgresql":
        sets = ", ".join(f"{name} = new.{name}" for name in changed)
        source = f"FROM {_arrays(fields)} AS new({', '.join(names)})"
        where = f"{_table(model)}.{key} = new.{key}"
    else:
        sets = ", ".join(f"{name} = %s" for name in changed)
        source, where = "", f"{key} = %s"
    head = f"UPDATE {_table(model)} SET {sets} {source} WHERE {where}"  # noqa: S608 - names of our tables
    return _Plan(head, "", fields, _converters(vendor, fields))


def _arrays(fields: Iterable["Field[Any, Any]"]) -> str:
    """Rows out of one array per column: planned once, however many rows there are."""
    # Without lengths, so that a value that is too long is refused and not cut.
    kinds = (str(field.db_type(connection)).partition("(")[0] for field in fields)
    return f"UNNEST({', '.join(f'(%s)::{kind}[]' for kind in kinds)})"


def _key(model: type[Model]) -> str:
    return model._meta.pk.attname


def _field(model: type[Model], attname: str) -> "Field[Any, Any]":
    for field in model._meta.concrete_fields:
        if field.attname == attname:
            return field
    raise LookupError(f"{model.__name__} has no column {attname}")


def _column(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(field.column))


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _converters(
    vendor: str, fields: Iterable["Field[Any, Any]"]
) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    made = ((place, _converter(vendor, field)) for place, field in enumerate(fields))
    return tuple((place, convert) for place, convert in made if convert is not None)


def _converter(vendor: str, field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """What turns a value that is not None into the driver's; None: nothing need be done."""
    kind = (field.target_field if isinstance(field, ForeignKey) else field).get_internal_type()
    if kind in _AS_THEY_ARE or (kind == "DateTimeField" and vendor == "postgresql"):
        return None
    if kind == "BinaryField":
        return bytes
    if kind == "DateTimeField":
        return _moment
    return lambda value: field.get_db_prep_save(value, connection)


def _moment(value: datetime) -> str:
    """A moment as Django writes it into SQLite: in UTC, without saying so."""
    return str(value.astimezone(UTC).replace(tzinfo=None))
