"""What a filter that has seen every broken mailer says of the form of our messages."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import warnings
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

from smtp_accounts import build, outgoing_html
from tests.smtp_accounts.message_cases import CASES, box, content

SPAMASSASSIN = shutil.which("spamassassin")
#: What it notes of every message that came by no server, and of what the words say.
NO_FAULTS = {
    "NO_RECEIVED", "NO_RELAYS", "HTML_MESSAGE", "ALL_TRUSTED", "TVD_SPACE_RATIO",
}  # fmt: skip
#: One of each kind of part is enough here: names and letters have tests of their own.
JUDGED = {name: one for name, one in CASES.items() if not name.startswith(("file-", "name-"))}
#: Cases whose words are odd on purpose, and the note each earns.
ODD: dict[str, set[str]] = {
    "subject-percent": {"TO_NO_BRKTS_PCNT"},
    "body-empty": {"EMPTY_MESSAGE"},
    "files": {"T_HTML_ATTACH"},
    "picture": {"HTML_IMAGE_ONLY_04"},
    "picture-and-file": {"HTML_IMAGE_ONLY_04"},
}


def judged(messages: list[bytes], home: Path) -> list[set[str]]:
    """The rules each message breaks, all in one run, as the program takes a second to start."""
    mbox = b"".join(
        b"From x Mon May  4 09:30:00 2026\nX-Place: %d\n%b\n" % (place, one.replace(b"\r\n", b"\n"))
        for place, one in enumerate(messages)
    )
    done = subprocess.run(
        [str(SPAMASSASSIN), "-L", "-x", "--mbox"],
        input=mbox,
        capture_output=True,
        timeout=240,
        check=True,
        env={**os.environ, "HOME": str(home)},
    )
    # They come back in an order of its own.
    found: dict[int, set[str]] = {}
    for one in re.split(rb"(?m)^From x ", done.stdout)[1:]:
        said = message_from_bytes(one.split(b"\n", 1)[1])
        listed = re.search(r"tests=([\w,\s]*?)\s(?:autolearn|version)", said["X-Spam-Status"])
        assert listed is not None
        found[int(said["X-Place"])] = set(re.findall(r"\w+", listed[1]))
    return [found[place] for place in range(len(messages))]


def test_nothing_is_wrong_with_the_form_of_what_we_send(tmp_path: Path) -> None:
    if not SPAMASSASSIN:
        warnings.warn("SpamAssassin is not installed: it was not asked", stacklevel=1)
        return
    now = datetime.now(UTC)
    sent = [
        build.build(
            dataclasses.replace(
                one,
                date=now,
                message_id=build.new_message_id("example.test"),
                body=outgoing_html.to_text(one.html) if one.html else one.body,
            )
        )
        for one in JUDGED.values()
    ]
    found = judged(sent, tmp_path)
    faults = {
        name: rules - NO_FAULTS - ODD.get(name, set())
        for name, rules in zip(JUDGED, found, strict=True)
    }
    assert not [f"{name}: {rules}" for name, rules in faults.items() if rules]


def test_it_would_say_so_if_there_were(tmp_path: Path) -> None:
    if not SPAMASSASSIN:
        warnings.warn("SpamAssassin is not installed: it was not asked", stacklevel=1)
        return
    good = build.build(content(to=(box("bob@x.test"),), date=datetime.now(UTC)))
    broken = [re.sub(rb"(?m)^Date: .*\r\n", b"", good), re.sub(rb"(?m)^To: .*\r\n", b"", good)]
    found = judged(broken, tmp_path)
    assert "MISSING_DATE" in found[0]
    assert "MISSING_HEADERS" in found[1]
