"""The check of the catalogues, which has to work where no gettext is installed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from scripts import check_messages
from scripts.check_messages import entries, findings, in_code, in_template, unmarked
from tests.infra.running import ROOT

#: Four texts.
GOOD = """# A heading.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: a.py
msgid "Save"
msgstr "Sichern"

#: a.py
msgctxt "the folder"
msgid "Archive"
msgstr "Archiv"

#: a.py
#, python-format
msgid "“%(name)s” is "
"gone."
msgstr "%(name)s ist fort."

#: a.py
#, python-format
msgid "One message"
msgid_plural "%(n)s messages"
msgstr[0] "Eine Nachricht"
msgstr[1] "%(n)s Nachrichten"
"""
TRANSLATED = {
    "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n",
    "Save": "Sichern",
    "the folder\x04Archive": "Archiv",
    "“%(name)s” is gone.": "%(name)s ist fort.",
    "One message\0%(n)s messages": "Eine Nachricht\0%(n)s Nachrichten",
}
WANTED = {
    ("", "Save"): Path("a.py"),
    ("the folder", "Archive"): Path("a.py"),
    ("", "“%(name)s” is gone."): Path("a.py"),
    ("", "One message"): Path("a.py"),
}


def compiled(texts: dict[str, str]) -> bytes:
    """A .mo file: a heading of seven numbers, two tables of length and place, then the texts."""
    pairs = sorted((name.encode(), text.encode()) for name, text in texts.items())
    tables: tuple[list[int], list[int]] = ([], [])
    data, start = b"", 28 + 16 * len(pairs)
    for pair in pairs:
        for table, text in zip(tables, pair, strict=True):
            table += [len(text), start + len(data)]
            data += text + b"\0"
    numbers = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start, *tables[0], *tables[1]]
    return struct.pack(f"<{len(numbers)}I", *numbers) + data


def check(folder: Path, text: str) -> list[str]:
    catalogue = folder / "de" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(text)
    catalogue.with_suffix(".mo").write_bytes(compiled(TRANSLATED))
    return [*findings(catalogue, WANTED)]


def test_every_text_is_there_in_every_language() -> None:
    """The catalogues as they are in the tree."""
    wanted = check_messages.used()
    assert len(wanted) > 800
    catalogues = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
    assert [one.parent.parent.name for one in catalogues] == ["de"]
    assert [finding for one in catalogues for finding in findings(one, wanted)] == []


def test_no_template_holds_words_that_stay_english() -> None:
    assert [*check_messages.english()] == []


def test_a_good_catalogue_passes(tmp_path: Path) -> None:
    assert check(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('msgid "Save"', 'msgid "Keep"', "is missing (from a.py): Save"),
        ('msgid "Save"', 'msgid "Keep"', "is used nowhere: Keep"),
        ('msgctxt "the folder"\n', "", "is missing (from a.py): Archive"),
        ('"Sichern"', '""', "is not translated: Save"),
        ('"%(n)s Nachrichten"', '""', "is not translated: One message"),
        ("#: a.py\nmsgid", "#: a.py\n#, fuzzy\nmsgid", "was guessed"),
        ("%(name)s ist", "%(nam)s ist", "fills in something else"),
        ("%(name)s ist", "Es ist", "fills in something else"),
        ("%(n)s Nachrichten", "Viele Nachrichten", "fills in something else"),
        ('"Eine ', '"%(count)s ', "fills in something else"),
        ('"Sichern"', '"Speichern"', "django.mo is not made from django.po"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_found(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in GOOD
    assert [one for one in check(tmp_path, GOOD.replace(old, new)) if told in one]


def test_a_catalogue_that_was_not_compiled_is_found(tmp_path: Path) -> None:
    catalogue = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(GOOD)
    assert len([*findings(catalogue, WANTED)]) == 1


def test_the_texts_of_code_are_read() -> None:
    code = """
_("one")
gettext_lazy("two " "parts")
gettext_noop("three")
ngettext("four", "fours", n)
pgettext_lazy("a key", "five")
npgettext("a key", "six", "sixes", n)
f"{left}: {told or _('seven')}"
translation.gettext("eight")
_(variable)
other("nine")
"""
    assert sorted(in_code(code)) == [
        ("", "eight"),
        ("", "four"),
        ("", "one"),
        ("", "seven"),
        ("", "three"),
        ("", "two parts"),
        ("a key", "five"),
        ("a key", "six"),
    ]


def test_the_texts_of_templates_are_read() -> None:
    template = """{% load i18n %}
<p title="{% translate 'one' %}">{% translate "It's two" as two %}{{ two }}</p>
{% translate "three" context "a key" %}
{% blocktranslate with name=user.name %}four {{ name }}{% endblocktranslate %}
{% blocktranslate count n=many %}five{% plural %}{{ n }} fives{% endblocktranslate %}
{{ day|date:_("six") }} {{ name|default:_('seven') }}
{# {% translate "eight" %} #}
"""
    assert sorted(in_template(template)) == [
        ("", "It's two"),
        ("", "five"),
        ("", "four %(name)s"),
        ("", "one"),
        ("", "seven"),
        ("", "six"),
        ("a key", "three"),
    ]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<a title="Go on"><b>x</b></a>', ["Go on"]),
        ("{% if a %}{{ a }}{% else %}nothing{% endif %}", ["nothing"]),
        ('<p>{% translate "Hello" %}, Tributary: {{ name }}</p>', []),
        ("{% blocktranslate %}Hello{% endblocktranslate %}", []),
        ("<{% if a %}dialog{% else %}section{% endif %} class='b'>{{ c }}", []),
        ("{% block body_class %}view-mail{% endblock %}", []),
        ("<style>p { color: red }</style>{# words #}", []),
    ],
)
def test_words_nobody_marked_are_found(template: str, found: list[str]) -> None:
    assert unmarked(template) == found


def test_the_check_needs_no_gettext(tmp_path: Path) -> None:
    """Only Python and git are on the PATH."""
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "python", "scripts/check_messages.py"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert len(entries(GOOD)) == 4
