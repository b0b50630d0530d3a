"""Filters asked of mail: 10,000 messages and 100 filters, in processor time.

    python -m bench.filters [--messages 10000] [--filters 100]

The messages are letters of some 40 kinds, the filters ask for senders, recipients, subjects, header
fields, lists, sizes, dates and, one in twenty, for the words of the body or for an attachment; one
in ten is a regular expression. Every other has two conditions. What is measured is what `deliver`
does with them: first with reading what the row of a message lacks (its header fields, the words of
its body), then the filters alone. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import UTC, datetime

from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.facts import Facts
from filtering.rules import Rule, apply_filters, rule
from mailstore import mime
from mailstore.mime import Summary

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORDS = (
    "invoice", "rechnung", "harbour", "tide", "sail", "newsletter", "offer", "order", "shipment",
    "ticket", "meeting", "minutes", "holiday", "photos", "school", "garden", "repair", "insurance",
    "contract", "reminder", "travel", "train", "flight", "hotel",
)  # fmt: skip


def _letter(pick: random.Random) -> bytes:
    words = " ".join(pick.choices(WORDS, k=6))
    body = " ".join(pick.choices(WORDS, k=250))
    listed = f"List-Id: <{pick.choice(WORDS)}.lists.test>\r\n" if pick.random() < 0.2 else ""
    return (
        f"Received: from mx.test by here.test; Sun, 1 Mar 2026 10:00:00 +0000\r\n"
        f"From: {pick.choice(WORDS).title()} <{pick.choice(WORDS)}@{pick.choice(WORDS)}.test>\r\n"
        f"To: Mara Lind <mara@example.test>\r\nCc: {pick.choice(WORDS)}@example.test\r\n"
        f"Subject: {words}\r\nDate: Sun, 1 Mar 2026 09:59:00 +0000\r\n{listed}"
        f"Message-ID: <{pick.random()}@x.test>\r\nX-Mailer: {pick.choice(WORDS)}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def _condition(pick: random.Random, number: int) -> Condition:
    word = pick.choice(WORDS) + str(pick.randrange(3) or "")
    if number % 20 == 0:
        return Condition(Field.BODY, Op.CONTAINS, word)
    if number % 20 == 10:
        return Condition(Field.ATTACHMENT_NAME, Op.ENDS, ".pdf")
    if number % 10 == 1:
        return Condition(Field.SUBJECT, Op.MATCHES, rf"\b{word}\s+(\w+ )?[0-9]+\b")
    kinds = (
        Condition(Field.FROM, Op.CONTAINS, f"@{word}.test"),
        Condition(Field.FROM, Op.IS, f"{word}@{pick.choice(WORDS)}.test"),
        Condition(Field.TO_OR_CC, Op.CONTAINS, word),
        Condition(Field.SUBJECT, Op.CONTAINS, word),
        Condition(Field.SUBJECT, Op.BEGINS, word),
        Condition(Field.HEADER, Op.CONTAINS, word, "X-Mailer"),
        Condition(Field.LIST, Op.CONTAINS, word),
        Condition(Field.SIZE, Op.OVER, pick.randrange(10_000)),
        Condition(Field.DATE, Op.OLDER, pick.randrange(1, 60)),
    )
    return pick.choice(kinds)


def _filters(pick: random.Random, count: int) -> list[Rule]:
    return [
        rule(
            number,
            f"filter {number}",
            is_domain=False,
            is_any=number % 3 == 0,
            conditions=[_condition(pick, number) for _ in range(1 + number % 2)],
            actions=[Action(Do.LABEL, number)],
        )
        for number in range(count)
    ]


def _facts(said: Summary, raw: bytes) -> Facts:
    return Facts(said, lambda: raw, size=len(raw), arrived_at=NOW, now=NOW)


def main() -> None:
    """Measure once and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--filters", type=int, default=100)
    asked = parser.parse_args()
    pick = random.Random(8)  # noqa: S311 - the same every time
    raws = [_letter(pick) for _ in range(asked.messages)]
    said = [mime.summary(raw) for raw in raws]
    filters = _filters(pick, asked.filters)
    facts = [_facts(one, raw) for one, raw in zip(said, raws, strict=True)]
    began = time.process_time()
    met = sum(len(apply_filters(filters, one).met) for one in facts)
    both = time.process_time() - began
    began = time.process_time()
    for one in facts:
        apply_filters(filters, one)
    alone = time.process_time() - began
    figures = {
        "messages": asked.messages,
        "filters": asked.filters,
        "met": met,
        "rules_seconds": round(alone, 3),
        "rules_and_reading_seconds": round(both, 3),
        "microseconds_a_filter": round(alone / asked.messages / asked.filters * 1e6, 3),
    }
    print(json.dumps(figures))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
