"""Lists of people as text: reading what somebody brings, writing what somebody takes along.

Programs write such lists in many ways: with commas, semicolons or tabs, with a mark before the
first letter, with names of columns in two languages and any order. What is in doubt is told with
the number of its line; nothing is left out in silence.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from accounts.access import may_see_backup
from accounts.models import Role, User
from lib import sheets

MAX_BYTES: Final = 1024 * 1024
MAX_LINES: Final = 5000
#: The columns there are, and by which names they are known: letters and figures of each.
COLUMNS: Final = {
    "email": "email emailaddress mail address user username login adresse benutzer",
    "name": "name displayname fullname realname anzeigename",
    "password": "password pass passwd passwort kennwort",
    "backup": "backup backupaddress backupemail backupemailaddress recovery recoveryemail",
    "role": "role rolle type",
    "quota": "quota space storage quotagb spacegb speicher speicherplatz",
}
_KNOWN: Final = {word: name for name, words in COLUMNS.items() for word in words.split()}


class UnreadableError(Exception):
    """The list as a whole cannot be read; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list, as it was written; ``number`` counts from 1 with the heading."""

    number: int
    values: dict[str, str] = field(repr=False)

    def get(self, name: str) -> str:
        """What stands in a column, without spaces around it; "" where there is none."""
        value = self.values.get(name, "")
        return value if name == "password" else value.strip()


def decoded(data: bytes) -> str:
    """The text of a file. Raises UnreadableError for one that is too large or no text."""
    if len(data) > MAX_BYTES:
        raise UnreadableError(_("The list is larger than 1 MB. Bring it in in parts."))
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(_("This is no text. Save the table as CSV first."))
    ways = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for way in ways:
        try:
            return data.decode(way)
        except UnicodeDecodeError:
            continue
    raise UnreadableError(_("The letters of this file cannot be read. Save it as UTF-8."))


def entries(text: str) -> list[Entry]:
    """The lines of a list, empty ones left out. Raises UnreadableError."""
    text = text.lstrip("\ufeff")
    heading = text.lstrip().partition("\n")[0]
    between = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    found: list[Entry] = []
    names: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _names(cells)
                continue
            found.append(Entry(reader.line_num, _values(names, cells)))
            if len(found) > MAX_LINES:
                raise UnreadableError(_("A list has 5,000 people at most. Bring it in in parts."))
    except csv.Error:
        said = _("Line %(n)d cannot be read: a quotation mark is missing there or before.")
        raise UnreadableError(said % {"n": reader.line_num}) from None
    if not found:
        raise UnreadableError(_("There is nobody in this list below its heading."))
    return found


def exported(users: Iterable[User], *, reader: User) -> Iterator[str]:
    """People as lines, safe to open in a spreadsheet. Passwords are nowhere to be had, nor is a
    backup address that is not for ``reader``."""
    yield sheets.line(["email", "name", "backup", "role", "quota", "active"])
    for user in users:
        quota = "" if user.quota is None else f"{user.quota / 1024**3:.3f}"
        backup = user.backup_address if may_see_backup(reader, user) else ""
        yield sheets.line([user.email, user.display_name, backup, user.role, quota, user.is_active])


def role_named(text: str) -> str:
    """The role a word means: its key, its name in the language in force; "" for none."""
    plain = _plain(text)
    if not plain:
        return Role.USER.value
    for role in Role:
        if plain in {_plain(role.value), _plain(str(role.label)), _plain(role.name)}:
            return role.value
    return ""


def _names(cells: list[str]) -> list[str]:
    names = [_KNOWN.get(_plain(cell), "") for cell in cells]
    if "email" not in names:
        said = _("The first line has to name the columns, and one of them has to be “email”.")
        raise UnreadableError(said)
    known = [name for name in names if name]
    if len(known) != len(set(known)):
        raise UnreadableError(_("Two columns mean the same. Leave one of them out."))
    return names


def _values(names: list[str], cells: list[str]) -> dict[str, str]:
    values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    # What our own lists mark as text for spreadsheets; a password is what stands there.
    return {
        name: cell[1:] if name != "password" and _is_marked(cell) else cell
        for name, cell in values.items()
    }


def _is_marked(cell: str) -> bool:
    return cell.startswith("'") and sheets.cell(cell[1:]) == cell


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
