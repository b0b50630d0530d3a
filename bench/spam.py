"""How much spam is found, and how much good mail is taken for it, on the SpamAssassin corpus.

    python -m bench.spam [--corpus FOLDER] [--seeds N]

Each message goes into one of two halves by a hash of its content and the seed. One half teaches,
the other is judged, then the other way round. Printed are the share of spam that is found, the
share of ham that is called spam, and the milliseconds of processor time a message takes to be read
and judged.
The corpus is old (2001, 2002) and its ham is mostly from mailing lists; the figures compare
versions of this filter with each other more than they promise anything about today's mail.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filtering import bayes, scoring, tokens
from filtering.bayes import Taught
from filtering.verdict import THRESHOLD
from mailstore import headers

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Mail:
    """A message of the corpus."""

    name: str
    raw: bytes
    is_spam: bool

    def half(self, seed: int) -> int:
        """In which half it is."""
        return sha256(seed.to_bytes(4, "big") + sha256(self.raw).digest()).digest()[0] & 1


@dataclass(frozen=True, slots=True)
class Figures:
    """What judging one half came to."""

    spam: int
    found: int
    ham: int
    wrong: tuple[str, ...]
    milliseconds: tuple[float, ...]

    @property
    def recall(self) -> float:
        """The share of spam that was found."""
        return self.found / self.spam


def corpus(folder: Path) -> list[Mail]:
    """The messages, each once, without the line an mbox puts before them."""
    found: dict[bytes, Mail] = {}
    with (folder / "MANIFEST.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            kind = row["path"].split("/")
            if kind[0] == "spamassassin" and row["kind"] == "message":
                raw = (folder / row["path"]).read_bytes()
                raw = raw[headers.offset(raw) :]
                found[sha256(raw).digest()] = Mail(row["path"], raw, kind[1] == "spam")
    return list(found.values())


def learned(mails: Iterable[Mail]) -> tuple[dict[int, tuple[int, int]], Taught]:
    """How often each token stood in spam and in ham."""
    seen: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    many = [0, 0]
    for one in mails:
        seen[one.is_spam].update(tokens.of(one.raw))
        many[one.is_spam] += 1
    counts = {token: (seen[1][token], seen[0][token]) for token in seen[0] | seen[1]}
    return counts, Taught(spam=many[1], ham=many[0])


def measured(judged: Sequence[Mail], counts: dict[int, tuple[int, int]], taught: Taught) -> Figures:
    """Judge messages as `filtering.services.spam` does, less the database and the network."""
    spam = found = ham = 0
    wrong: list[str] = []
    times: list[float] = []
    for one in judged:
        began = time.process_time()
        told = bayes.evidence(tokens.of(one.raw), counts, taught)
        score = scoring.judged(scoring.of_bayes(told)).score
        times.append((time.process_time() - began) * 1000)
        says = score >= THRESHOLD
        spam, found, ham = (
            spam + one.is_spam,
            found + (one.is_spam and says),
            ham + (not one.is_spam),
        )
        if says and not one.is_spam:
            wrong.append(f"{one.name} {told:.2f} {score:.1f}")
    return Figures(spam, found, ham, tuple(wrong), tuple(times))


def main() -> None:
    """Print a line for each seed and half, and what they come to together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    mails = corpus(options.corpus)
    every: list[Figures] = []
    for seed in range(options.seeds):
        for half in (0, 1):
            counts, taught = learned(one for one in mails if one.half(seed) == half)
            made = measured([one for one in mails if one.half(seed) != half], counts, taught)
            every.append(made)
            say(f"seed {seed} half {half}: {line(made)}, {len(counts)} tokens", *made.wrong)
    together = Figures(
        sum(one.spam for one in every), sum(one.found for one in every),
        sum(one.ham for one in every), tuple(name for one in every for name in one.wrong),
        tuple(value for one in every for value in one.milliseconds),
    )  # fmt: skip
    say(f"together: {line(together)}")


def say(*lines: str) -> None:
    """A line for people, at once, and what belongs to it below."""
    sys.stdout.write("\n    ".join(lines) + "\n")
    sys.stdout.flush()


def line(made: Figures) -> str:
    """One line of figures."""
    times = sorted(made.milliseconds)
    return (
        f"spam found {made.found}/{made.spam} = {made.recall:.2%}, "
        f"ham called spam {len(made.wrong)}/{made.ham} = {len(made.wrong) / made.ham:.2%}, "
        f"{statistics.median(times):.2f} ms median, {times[len(times) * 95 // 100]:.2f} ms p95"
    )


if __name__ == "__main__":
    main()
