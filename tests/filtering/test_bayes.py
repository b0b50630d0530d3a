"""What is learned of mail: tokens, their evidence, and points; pure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import spam as bench
from filtering import bayes, scoring, tokens, upstream
from filtering.bayes import Taught
from filtering.tokens import Kind
from filtering.verdict import Reason
from mailstore import headers
from tests.mail import CORPUS, letter, mixed

WIN = letter(
    "WIN MONEY NOW!!!", sender="Prize <x99@win.test>", text="Claim $900 at http://win.test/"
)
TEA = letter("Tea on Friday", text="Shall we meet at the harbour?")


def taught(times: int = 30) -> tuple[dict[int, tuple[int, int]], Taught]:
    spam, ham = tokens.of(WIN), tokens.of(TEA)
    counts = {one: (times * (one in spam), times * (one in ham)) for one in spam | ham}
    return counts, Taught(spam=times, ham=times)


def test_what_was_learned_is_told_apart() -> None:
    counts, known = taught()
    spam, ham = (bayes.evidence(tokens.of(one), counts, known) for one in (WIN, TEA))
    assert spam > scoring.SURE
    assert ham < -scoring.SURE
    assert bayes.evidence(tokens.of(mixed()), {}, known) == 0


def test_nothing_is_said_before_enough_was_learned() -> None:
    counts, _known = taught()
    for few in (Taught(19, 500), Taught(500, 19)):
        assert bayes.evidence(tokens.of(WIN), counts, few) == 0


@settings(max_examples=30)
@given(st.binary(max_size=3000))
def test_no_bytes_are_too_much(raw: bytes) -> None:
    for head in (b"", b"Content-Type: text/html\r\n\r\n", b"Subject: "):
        found = tokens.of(head + raw)
        assert len(found) <= tokens.MOST
        assert all(0 <= one < 1 << 63 for one in found)


def test_a_message_gives_so_many_tokens_at_most() -> None:
    text = " ".join(f"word{number}" for number in range(50_000))
    assert len(tokens.of(letter(text=text))) <= tokens.MOST


def test_tokens_say_what_they_are_about() -> None:
    assert tokens.kind_of(tokens.number("money", Kind.WORDS)) is Kind.WORDS
    assert tokens.number("s:money", Kind.NAMES) in tokens.of(letter("Money"))


@pytest.mark.parametrize(
    "line",
    ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=99", "Received: from x by y", "X-UIDL: 7"],
)
def test_what_others_wrote_on_the_way_is_not_learned(line: str) -> None:
    assert tokens.of(letter(extra=f"{line}\n")) == tokens.of(letter())


@settings(max_examples=50)
@given(st.integers(0, 500), st.integers(0, 500))
def test_a_token_is_never_certain(spam: int, ham: int) -> None:
    told = bayes.probability(spam, ham, Taught(500, 500))
    assert 0 < told < 1
    assert (told > 0.5001) is (spam > ham)


def said(*lines: str) -> dict[str, float]:
    raw = "".join(f"{one}\n" for one in lines)
    found = upstream.of(headers.parse(f"{raw}From: a@x.test\n\n".encode()))
    return {one.name: one.points for one in found}


def test_filters_before_us_are_heard() -> None:
    assert said("X-Spam-Flag: YES") == {"x-spam-flag": 5.0}
    assert said("X-Spam: yes") == {"x-spam-flag": 5.0}
    assert said("X-Spam-Status: Yes, score=9.0 required=5.0 tests=A") == {"x-spam-status": 3.0}
    assert said("X-MS-Exchange-Organization-SCL: 6") == {"scl": 5.0}
    assert said("X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:SPM;CAT:SPM;") == {"x-forefront": 5.0}
    assert said("X-Spam-Flag: NO", "X-Spam-Status: No, score=2 required=5") == {}


def test_only_the_receiving_server_may_say_that_it_is_none() -> None:
    good = "X-Spam-Status: No, score=-5.0 required=5.0"
    scl = "X-MS-Exchange-Organization-SCL: -1"
    hop = "Received: from a by b; Mon, 2 Feb 2026 10:00:00 +0100"
    assert said(good, scl, hop) == {"x-spam-status": -1.0, "scl": -1.0}
    # Below the hop it is the sender's own word.
    assert said(hop, good, scl) == {}
    # What no server took in has nobody to be believed.
    assert said(good, scl) == {}
    assert said(hop, "X-Spam-Flag: YES") == {"x-spam-flag": 5.0}


def test_points_add_up_and_the_strongest_comes_first() -> None:
    found = scoring.judged((Reason("proven", -0.5), Reason("learned", 5.5, "98")))
    assert (found.score, found.is_spam, found.reasons[0].name) == (5.0, True, "learned")
    assert not scoring.judged(found.reasons, threshold=8.0).is_spam


def test_no_finding_alone_is_without_bound() -> None:
    (most,), (least,) = scoring.of_bayes(1e9), scoring.of_bayes(-1e9)
    assert (most.points, least.points) == (scoring.MOST, scoring.LEAST)
    assert scoring.of_bayes(0.0) == ()
    assert [one.points for one in scoring.of_bayes(1e9, most=4.0)] == [4.0]
    assert [one.points for one in scoring.of_bayes(-1e9, most=2.0)] == [-2.0]


def test_the_corpus_is_told_apart() -> None:
    """An eighth of the corpus: the figures of the whole are in docs/operations.md."""
    if not (CORPUS / "MANIFEST.tsv").is_file():
        return
    some = [one for one in bench.corpus(CORPUS) if not (one.half(7) or one.half(8) or one.half(6))]
    taught_by = [one for one in some if one.half(9)]
    judged = [one for one in some if not one.half(9)]
    counts, known = bench.learned(taught_by)
    made = bench.measured(judged, counts, known)
    assert made.recall > 0.8
    assert len(made.wrong) <= 2
