"""Is every text of the product there in every language, and does it say what code fills in?

Reads code, templates and ``locale/*/LC_MESSAGES/django.po`` without any gettext program. Prints
``language: what: text`` for each finding and ends with 1 if there was one; `make messages` mends
the catalogue's entries, a person writes the missing words.
"""

from __future__ import annotations

import ast
import gettext
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
#: Programs for developers and operators; their texts are English.
ENGLISH = {"tests", "bench", "scripts", "standin", "migrations"}
#: How many of its arguments are texts, and whether the first of them is a context.
CALLS = {"_": 1, "gettext": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}
IN_TEMPLATE = re.compile(
    r"(?<!\w)(?:n?p?gettext|_)\((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^()'\"])*\)"
)
PLACE = re.compile(r"%\(\w+\)[\d.]*[a-z]|%%[s\d]|%[sd]|\{\w+\}")
LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")')
#: Parts of a template that hold no words, or words that are marked.
APART = re.compile(
    r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{%\s*block \w*class\s*%}.*?endblock", re.S
)
OR = re.compile(r"{%\s*(?:else|elif).*?%}")
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.S)
WORD = re.compile(r"[^\W\d_]{2,}")
#: Words that are the same in every language.
NAMES = {"Tributary", "winmail", "dat", "SSL", "STARTTLS", "Esc", "SHA", "TXT"}
FORMATS = re.compile(r"msgstr(?:\[(\d)\])?")

#: Context (or nothing) and text, as a .mo file joins them.
Key = tuple[str, str]


@dataclass
class Entry:
    """One text of a catalogue with its translations, one for each grammatical number."""

    fields: dict[str, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> Key:
        return self.fields.get("msgctxt", ""), self.fields.get("msgid", "")

    @property
    def originals(self) -> list[str]:
        return [self.fields[name] for name in ("msgid", "msgid_plural") if name in self.fields]

    @property
    def words(self) -> list[str]:
        return [text for name, text in self.fields.items() if FORMATS.fullmatch(name)]

    def compiled(self) -> Iterator[tuple[object, str]]:
        """The entry as Python's reader of .mo files holds it."""
        context, text = self.key
        name = f"{context}\x04{text}" if context else text
        if "msgid_plural" not in self.fields:
            yield name, self.words[0]
            return
        yield from (((name, number), words) for number, words in enumerate(self.words))


def entries(text: str) -> list[Entry]:
    """The entries of a .po file, without its heading."""
    found: list[Entry] = []
    for block in text.split("\n\n"):
        entry, name = Entry(is_fuzzy="\n#, fuzzy" in f"\n{block}"), ""
        for line in block.splitlines():
            if part := LINE.fullmatch(line):
                name = part[1] or name
                words = ast.literal_eval(part[2])
                entry.fields[name] = entry.fields.get(name, "") + words
        if entry.fields.get("msgid"):
            found.append(entry)
    return found


def in_code(text: str) -> Iterator[Key]:
    """The texts a Python module marks; those in a variable are marked where they are written."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        name = name.removesuffix("_lazy").removesuffix("_noop")
        given = node.args[: CALLS.get(name, 0)]
        texts = [one.value for one in given if isinstance(one, ast.Constant)]
        if texts and isinstance(texts[0], str) and len(texts) == CALLS[name]:
            yield (texts[0], str(texts[1])) if "p" in name else ("", texts[0])


def in_template(text: str) -> Iterator[Key]:
    """The texts a template marks."""
    for call in IN_TEMPLATE.findall(templatize(text)):
        yield from in_code(call)


READERS: dict[str, Callable[[str], Iterator[Key]]] = {
    ".py": in_code,
    ".html": in_template,
    ".txt": in_template,
}


class Unmarked(HTMLParser):
    """Collects the words of a template that no tag of Django produces."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name in {"title", "aria-label", "placeholder", "alt"}:
                self.look(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.look(data)

    def look(self, text: str) -> None:
        """Take note of a text that holds a word which is no name."""
        if set(WORD.findall(text)) - NAMES:
            self.found.append(" ".join(text.split()))


def unmarked(text: str) -> list[str]:
    """The texts of a template that would be English in every language."""
    reader = Unmarked()
    reader.feed(TAG.sub("", OR.sub(" ", APART.sub("", text))))
    return reader.found


def sources() -> Iterator[Path]:
    """The product's code and templates, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for path in map(Path, listed.decode().split("\0")):
        if path.suffix in READERS and not ENGLISH & set(path.parts) and (ROOT / path).is_file():
            yield path


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def used() -> dict[Key, Path]:
    """Every marked text of the product, and one file it stands in."""
    return {key: path for path in sources() for key in READERS[path.suffix](read(path))}


def english() -> Iterator[str]:
    """Every text of a template that is not marked."""
    for path in sources():
        if path.suffix == ".html":
            yield from (
                f"{path}: is not marked for translation: {one}" for one in unmarked(read(path))
            )


def places(text: str) -> list[str]:
    """What is filled into a text, whatever its order."""
    return sorted(PLACE.findall(text))


def wrong_words(entry: Entry) -> Iterator[str]:
    """What is wrong with one entry by itself."""
    if entry.is_fuzzy:
        yield "was guessed; read it and remove the word fuzzy"
    if not entry.words or not all(entry.words):
        yield "is not translated"
        return
    wanted = [places(one) for one in entry.originals]
    # For one thing "One message" will do, for several the number is needed.
    if places(entry.words[0]) not in wanted or places(entry.words[-1]) != wanted[-1]:
        yield "fills in something else than the original"


def findings(catalogue: Path, wanted: dict[Key, Path]) -> Iterator[str]:
    """Everything wrong with one .po file and the .mo file beside it."""
    known = entries(catalogue.read_text(encoding="utf-8"))
    language = catalogue.parent.parent.name
    there = {entry.key for entry in known}
    for key in sorted(wanted.keys() - there):
        yield f"{language}: is missing (from {wanted[key]}): {key[1]}"
    for key in sorted(there - wanted.keys()):
        yield f"{language}: is used nowhere: {key[1]}"
    for entry in known:
        yield from (f"{language}: {what}: {entry.key[1]}" for what in wrong_words(entry))
    compiled = catalogue.with_suffix(".mo")
    ready = [entry for entry in known if all(entry.words) and not entry.is_fuzzy]
    expected = dict(pair for entry in ready for pair in entry.compiled())
    if not compiled.is_file() or _held(compiled) != expected:
        yield f"{language}: {compiled.name} is not made from {catalogue.name}; run make messages"


def _held(compiled: Path) -> dict[object, str]:
    with compiled.open("rb") as file:
        held = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined] # not public
    return {key: text for key, text in held.items() if key}


def main() -> int:
    """Print every finding; 1 if there was one."""
    wanted = used()
    catalogues = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
    found = [*english()]
    found += [finding for one in catalogues for finding in findings(one, wanted)]
    print("\n".join(found) or f"{len(wanted)} texts are there in every language.")
    return 1 if found or not catalogues else 0


if __name__ == "__main__":
    sys.exit(main())
