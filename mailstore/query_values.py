"""Dates, ages and sizes as people type them into the search box. Pure."""

import re
from datetime import date, timedelta

_PARTS = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
# 3.11.2024 and 3/11/2024; 11/23/2024 can only be meant the other way round.
_DAY_FIRST = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"(\d{1,2})[./](\d{4})")
_AGE = re.compile(r"(\d{1,4})([dwmy])")
_SIZE = re.compile(r"(\d{1,12}(?:[.,]\d{1,3})?)\s*([kmg]?)i?b?")
# Databases and time zones have room around these.
FIRST, LAST = 1900, 9000
_NAMED = {"today": 0, "yesterday": 1}
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_SCALES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
MONTHS = 12


def days(value: str, today: date) -> tuple[date, date] | None:
    """The first day meant and the day after the last: of a day, a month or a year.

    None for what is no date: "2024", "2024-05", "5.2024", "2024-05-03", "3.11.2024", "today".
    """
    try:
        found = _read(value, today)
    except (ValueError, OverflowError):
        return None
    return found if found and FIRST <= found[0].year <= LAST else None


def _read(value: str, today: date) -> tuple[date, date] | None:
    if value in _NAMED:
        return _span(today - timedelta(days=_NAMED[value]))
    if found := _PARTS.fullmatch(value):
        return _from_parts(int(found[1]), found[2], found[3])
    if found := _DAY_FIRST.fullmatch(value):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
        if month > MONTHS and found[2] == "/":
            day, month = month, day
        return _span(date(year + 2000 if len(found[4]) == len("24") else year, month, day))
    if found := _MONTH_FIRST.fullmatch(value):
        return _from_parts(int(found[2]), found[1], None)
    return None


def _from_parts(year: int, month: str | None, day: str | None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    if day is not None:
        return _span(date(year, int(month), int(day)))
    first = date(year, int(month), 1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _span(day: date) -> tuple[date, date]:
    return day, day + timedelta(days=1)


def age(value: str, today: date) -> date | None:
    """The day so long ago: "7d", "2w", "3m", "1y"; None for what is no age."""
    found = _AGE.fullmatch(value)
    if found is None:
        return None
    try:
        day = today - timedelta(days=int(found[1]) * _DAYS[found[2]])
    except OverflowError:
        return None
    return day if day.year >= FIRST else None


def size(value: str) -> int | None:
    """Bytes: "500", "10k", "2.5 MB"; None for what is no size."""
    found = _SIZE.fullmatch(value)
    if found is None:
        return None
    return int(float(found[1].replace(",", ".")) * _SCALES[found[2]])
