"""``manage.py check_catalogue FOLDER``: compare the provider catalogue with a snapshot.

The folder holds the published autoconfiguration data, one XML file a provider. With ``--write``
the catalogue is made anew from it; look at the difference before it is committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from connectivity import directory
from connectivity.directory import DATA, Entry
from lib.operator import Answer, OperatorCommand, OperatorError
from protocols import autoconfig
from protocols.errors import ProtocolBroken
from protocols.offers import KINDS

SOURCE = "facts published in Thunderbird's autoconfiguration database"


class Command(OperatorCommand):
    """One job, no verbs."""

    help = "Compare the catalogue of providers with a folder of published configurations."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path, help="A folder of XML files, one a provider.")
        parser.add_argument("--write", action="store_true", help="Make the catalogue anew.")
        parser.add_argument(
            "--checked-on",
            type=date.fromisoformat,
            default=None,
            metavar="YYYY-MM-DD",
            help="The day of the data, for --write; today if it is left out.",
        )
        parser.add_argument(
            "--catalogue", type=Path, default=DATA, help="The file to compare, or to write."
        )

    def answer(
        self, *, folder: Path, write: bool, checked_on: date | None, catalogue: Path
    ) -> Answer:
        """Tell how they agree; a difference that is not written ends it with 1."""
        entries = list(read(folder))
        if write:
            day = (checked_on or date.today()).isoformat()  # noqa: DTZ011 - a day of the operator
            text = directory.text_of(entries, checked_on=day, source=SOURCE)
            catalogue.write_text(text, encoding="utf-8")
        differences = compare(directory.load(catalogue), entries)
        facts: dict[str, Any] = {
            "providers": len(entries),
            "domains": len(directory.by_domain(entries)),
            "differences": differences,
        }
        if differences:
            sentence = "\n".join(f"{row['domain']}: {row['what']}" for row in differences)
            raise OperatorError(sentence, facts)
        return facts


def read(folder: Path) -> Iterator[Entry]:
    """Every configuration of a folder; raises `OperatorError` for one that cannot be read."""
    files = sorted(folder.glob("*.xml"))
    if not files:
        raise OperatorError(f"{folder} holds no XML files.")
    for file in files:
        try:
            config = autoconfig.parse(file.read_bytes())
        except ProtocolBroken as error:
            raise OperatorError(f"{file.name}: {error.server_line}") from error
        yield Entry(config.id, config.name, config.domains, config.offers)


def compare(ours: tuple[Entry, ...], theirs: list[Entry]) -> list[dict[str, str]]:
    """Where the catalogue and the snapshot differ, by domain."""
    here, there = directory.by_domain(ours), directory.by_domain(theirs)
    found: list[dict[str, str]] = []
    for domain in sorted(here.keys() | there.keys()):
        left, right = here.get(domain), there.get(domain)
        if left is None or right is None:
            what = "missing in the catalogue" if left is None else "not in the snapshot"
        elif left.offers != right.offers:
            what = f"{_servers(left)} in the catalogue, {_servers(right)} in the snapshot"
        elif left.name != right.name:
            what = f"called {left.name} in the catalogue, {right.name} in the snapshot"
        else:
            continue
        found.append({"domain": domain, "what": what})
    return found


def _servers(entry: Entry) -> str:
    row = directory.row_of(entry)
    return ", ".join(text for kind in KINDS for text in row.get(kind, ())) or "no servers"
