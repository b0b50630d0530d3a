"""Cards of people (RFC 6350 and its forerunners 2.1 and 3.0), as far as they are shown."""

from dataclasses import dataclass, field

from lib.picture_size import is_too_large
from lib.pictures import picture_type
from mailstore import contentlines
from mailstore.contentlines import Line
from mailstore.text import one_line

#: Cards of one file that are shown, and values of one kind on a card.
MAX_CARDS = 20
MAX_VALUES = 20
MAX_PHOTO = 1024 * 1024
_LONGEST = 300


@dataclass(slots=True)
class Card:
    """One person or organisation. ``photo`` is a PNG, JPEG, GIF or WebP picture by its bytes."""

    name: str = ""
    organisation: str = ""
    title: str = ""
    addresses: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    birthday: str = ""
    note: str = ""
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Cards:
    """What a file holds, and how many further cards are not shown."""

    shown: tuple[Card, ...]
    more: int = 0


def read(data: bytes, charset: str = "") -> Cards:
    """The cards of a file. Never raises; what says nothing is left out."""
    found: list[Card] = []
    more = depth = 0
    card = Card()
    for line in contentlines.read(data, charset):
        kind = line.value.strip().upper()
        if line.name == "BEGIN" and kind == "VCARD":
            depth += 1
            card = card if depth > 1 else Card()
        elif line.name == "END" and kind == "VCARD" and depth:
            depth -= 1
            if depth or not _says_anything(card):
                continue
            if len(found) < MAX_CARDS:
                found.append(card)
            else:
                more += 1
        elif depth == 1:
            # What stands in an AGENT's card (2.1) is about somebody else.
            _add(card, line)
    return Cards(tuple(found), more)


def _says_anything(card: Card) -> bool:
    return bool(card.name or card.organisation or card.addresses or card.phones)


def _add(card: Card, line: Line) -> None:
    name = line.name
    if name == "FN":
        card.name = one_line(line.text, _LONGEST) or card.name
    elif name == "N" and not card.name:
        family, given, *_rest = [*contentlines.parts(line.value), ""]
        card.name = one_line(f"{given} {family}", _LONGEST)
    elif name == "ORG":
        card.organisation = _joined(line)
    elif name in ("TITLE", "ROLE") and not card.title:
        card.title = one_line(line.text, _LONGEST)
    elif name == "EMAIL":
        _keep(card.addresses, line.text.removeprefix("mailto:"))
    elif name == "TEL":
        _keep(card.phones, line.text.removeprefix("tel:"))
    elif name == "ADR":
        _keep(card.places, _joined(line))
    elif name == "URL" and line.text.strip().lower().startswith(("http://", "https://")):
        _keep(card.links, line.text)
    elif name == "BDAY":
        card.birthday = one_line(line.text, 40)
    elif name == "NOTE":
        card.note = one_line(line.text, 2000)
    elif name == "PHOTO" and not card.photo:
        card.photo = _photo(line)


def _joined(line: Line) -> str:
    said = (one_line(one, _LONGEST) for one in contentlines.parts(line.value))
    return ", ".join(one for one in said if one)[: 2 * _LONGEST]


def _keep(values: list[str], text: str) -> None:
    said = one_line(text, _LONGEST)
    if said and said not in values and len(values) < MAX_VALUES:
        values.append(said)


def _photo(line: Line) -> bytes:
    """The picture of a card: in base64, or (4.0) as a data address. Those elsewhere are not
    fetched."""
    data = line.data
    head, comma, coded = line.value.partition(",")
    if not data and comma and head.lower().startswith("data:") and head.endswith(";base64"):
        data = Line(line.name, coded, {"ENCODING": "b"}).data
    fits = len(data) <= MAX_PHOTO and picture_type(data) and not is_too_large(data)
    return data if fits else b""
