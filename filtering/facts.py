"""What filters can ask about one message. Pure; what costs something waits until it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from filtering.conditions import Field
from mailstore import headers, mime, structure
from mailstore.headers import Headers
from mailstore.mime import Summary
from mailstore.structure import Tree
from mailstore.tokens import fold

#: Of a body, in characters.
MAX_BODY = 256 * 1024
#: Values of one field.
MAX_VALUES = 200


class _Joined(dict[str, str]):
    """Looked up a million times: what is known costs no call."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __missing__(self, key: str) -> str:
        folded = self._facts.folded(key)
        found = self[key] = "\n".join(("", *folded, "")) if folded else ""
        return found


class Facts:
    """One message as filters see it.

    ``read`` gives its bytes, or the beginning of a large one; ``size`` is that of all of it;
    ``arrived_at`` when it arrived, in its owner's time zone; ``source`` the key of the account it
    came through; ``proof`` says whether its sender is proven ("passes", "fails", "unknown");
    ``score`` is its spam score, None where nobody asked. With ``is_row``, ``said`` has only what
    the row of a stored message keeps, which is not whom it was sent to.
    """

    def __init__(
        self,
        said: Summary,
        read: Callable[[], bytes],
        *,
        size: int,
        arrived_at: datetime,
        now: datetime,
        source: int | None = None,
        proof: Callable[[], str] = lambda: "unknown",
        score: float | None = None,
        is_row: bool = False,
    ) -> None:
        self.said, self.size, self.arrived_at, self.now = said, size, arrived_at, now
        self.source, self.score = source, score
        self._read, self._proof, self._is_row = read, proof, is_row
        self._values: dict[str, tuple[str, ...]] = {}
        self._folded: dict[str, tuple[str, ...]] = {}
        #: All values of a field, folded, each between two line ends; by the field's key.
        self.joined = _Joined(self)

    def folded(self, key: str) -> tuple[str, ...]:
        """The values of a field without distinctions of case, accent and width."""
        try:
            return self._folded[key]
        except KeyError:
            found = self._folded[key] = tuple(map(fold, self.values(key)))
            return found

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a field as they are, without empty ones. ``key``: see `key_of`."""
        try:
            return self._values[key]
        except KeyError:
            found = self._values[key] = tuple(filter(None, self._found(key)))[:MAX_VALUES]
            return found

    def _found(self, key: str) -> Sequence[str]:
        if key.startswith(_HEADER):
            return self.header(key.removeprefix(_HEADER))
        return _READERS[key](self)

    @cached_property
    def proof(self) -> str:
        """Whether the sender is proven: "passes", "fails" or "unknown"."""
        return self._proof()

    @cached_property
    def raw(self) -> bytes:
        """The bytes, or the beginning of them."""
        return self._read()

    @cached_property
    def headers(self) -> Headers:
        """The header fields."""
        return headers.parse(self.raw)

    @cached_property
    def tree(self) -> Tree:
        """The parts."""
        return structure.parse(self.raw)

    @cached_property
    def attachments(self) -> tuple[mime.Part, ...]:
        """What is attached, pictures inside the text left out."""
        found = structure.bodies(self.tree).attachments
        parts = (mime.part_of(node) for node in found[:MAX_VALUES])
        return tuple(one for one in parts if not one.inline)

    def to(self) -> Sequence[str]:
        """Addresses and names of To."""
        if self._is_row:
            return self._people("to")
        return (*self.said.to_addresses, *self.said.to_names)

    def cc(self) -> Sequence[str]:
        """Addresses and names of Cc."""
        if self._is_row:
            return self._people("cc")
        return (*self.said.cc_addresses, *self.said.cc_names)

    def to_addresses(self) -> Sequence[str]:
        """Addresses of To."""
        return self._people("to")[::2] if self._is_row else self.said.to_addresses

    def cc_addresses(self) -> Sequence[str]:
        """Addresses of Cc."""
        return self._people("cc")[::2] if self._is_row else self.said.cc_addresses

    def _people(self, name: str) -> list[str]:
        """Address and name of each, one after the other."""
        found = mime.people(self.headers, name)
        return [text for one in found for text in (one.address, one.name)]

    def header(self, name: str) -> list[str]:
        """All values of a header field, decoded."""
        fields = self.headers
        return [headers.words(raw, fields.charset) for raw in fields.all(name)]

    def body(self) -> str:
        """The words of it."""
        nodes = structure.bodies(self.tree)
        text, _is_cut = mime.plain(self.tree, nodes.text or nodes.html, self.raw)
        return text[:MAX_BODY]


_HEADER = "header:"
_READERS: dict[str, Callable[[Facts], Sequence[str]]] = {
    Field.FROM: lambda facts: (facts.said.from_address, facts.said.from_name),
    Field.TO: Facts.to,
    Field.CC: Facts.cc,
    Field.TO_OR_CC: lambda facts: (*facts.to(), *facts.cc()),
    Field.SUBJECT: lambda facts: (facts.said.subject,),
    f"{Field.FROM}@": lambda facts: (facts.said.from_address,),
    f"{Field.TO}@": lambda facts: facts.to_addresses(),
    f"{Field.CC}@": lambda facts: facts.cc_addresses(),
    f"{Field.TO_OR_CC}@": lambda facts: (*facts.to_addresses(), *facts.cc_addresses()),
    Field.BODY: lambda facts: (facts.body(),),
    Field.ATTACHMENT_NAME: lambda facts: [one.filename for one in facts.attachments],
    Field.ATTACHMENT_TYPE: lambda facts: [one.content_type for one in facts.attachments],
    Field.LIST: lambda facts: (mime.list_address(facts.headers), *facts.header("list-id")),
}


def key_of(field: Field, name: str = "", *, is_address: bool = False) -> str:
    """What `Facts.values` knows a field by; ``name`` is that of a header field. With
    ``is_address``, the names that people give themselves are left out where there are any."""
    if field == Field.HEADER:
        return f"{_HEADER}{name.strip().lower()}"
    return f"{field}@" if is_address and f"{field}@" in _READERS else str(field)
