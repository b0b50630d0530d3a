"""What receiving servers wrote above a message, told apart from what its sender did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstore import headers, mime, trace

OUTSIDE = "Received: from out.test (out.test [203.0.113.9]) by mx.test with ESMTPS id 1; x"
STORED = (
    "Received: from mx.test (mx.test [10.0.0.1]) by store.test with LMTP id 2 for <a@b.test>; x"
)
LINES = [
    OUTSIDE, STORED, "Delivered-To: a@x.test", "X-Original-To: b@x.test", "Subject: x",
    "Authentication-Results: mx.test; spf=pass", "Received: by lmtp with LMTP",
]  # fmt: skip


def read(*lines: str) -> trace.Trace:
    fields = headers.parse("\r\n".join(lines).encode() + b"\r\n\r\n")
    return trace.read(fields, fields.names)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([OUTSIDE], ()),
        (["Delivered-To: a@x.test"], ()),
        (["Delivered-To: a@x.test", OUTSIDE], ("a@x.test",)),
        ([OUTSIDE, "Delivered-To: a@x.test"], ()),
        ([STORED, "Delivered-To: a@x.test", OUTSIDE], ("a@x.test",)),
        ([STORED, OUTSIDE, "Delivered-To: a@x.test"], ()),
        # As the sender wrote it first.
        (["Delivered-To: a@x.test", "X-Original-To: b@x.test", OUTSIDE], ("b@x.test", "a@x.test")),
        (["Delivered-To: a@x.test", "Delivered-To: c@x.test", OUTSIDE], ("a@x.test", "c@x.test")),
        (["Delivered-To: a@x.test", "X-Original-To: a@x.test", OUTSIDE], ("a@x.test",)),
        (["Delivered-To: a@Bücher.test", OUTSIDE], ("a@xn--bcher-kva.test",)),
        (["Delivered-To: x.test-a@x.test", OUTSIDE], ("a@x.test",)),
        (["Delivered-To: x.test-@x.test", OUTSIDE], ("x.test-@x.test",)),
        (["Original-Recipient: rfc822; a@x.test", OUTSIDE], ("a@x.test",)),
        (["Original-Recipient: x400; a@x.test", OUTSIDE], ()),
        (["Delivered-To: mailing list a@x.test", OUTSIDE], ()),
        (["Delivered-To: a@x.test, b@x.test", OUTSIDE], ()),
        (["Delivered-To: " + "a" * 65 + "@x.test", OUTSIDE], ()),
        ([f"Delivered-To: a{n}@x.test" for n in range(20)] + [OUTSIDE],
         tuple(f"a{n}@x.test" for n in range(8))),
    ],
)  # fmt: skip
def test_only_what_stands_above_the_hop_is_believed(
    lines: list[str], found: tuple[str, ...]
) -> None:
    assert read(*lines).delivered_to == found


@pytest.mark.parametrize(
    "hop",
    [
        STORED.replace("LMTP", "lmtps"),
        STORED.replace("LMTP", "UTF8LMTPSA"),
        STORED.replace("with LMTP", "via socket with LMTP"),
        "Received: from mx.test\n\tby store.test\n\twith LMTPA id 3; x",
        "Received: from mx.test ((a) (b (c))) by store.test (Cyrus) with LMTP; x",
    ],
)
def test_a_store_spoken_to_by_lmtp_is_inside(hop: str) -> None:
    assert read(hop, "Delivered-To: a@x.test", OUTSIDE).delivered_to == ("a@x.test",)


@pytest.mark.parametrize(
    "hop",
    [
        OUTSIDE.replace("out.test (", "lmtp (lmtp "),
        "Received: from a by b with LMTP by mx.test with ESMTP; x",
        "Received: from a by b with LMTP (x) by mx.test; x",
        "Received: from a) by b with LMTP (evil [203.0.113.9]) by mx.test with ESMTPS; x",
        "Received: from a with LMTP by mx.test with ESMTP; x",
        "Received: from mx.test by store.test with LMTPX; x",
        "Received: by store.test with LMTP; x",
        "Received: (qmail 1 invoked by uid 89); x",
        "Received: from localhost (localhost [127.0.0.1]) by mx.test with ESMTP; x",
    ],
)
def test_every_other_hop_ends_what_is_believed(hop: str) -> None:
    assert read(hop, "Delivered-To: a@x.test", OUTSIDE).delivered_to == ()


def test_results_are_taken_from_the_top_and_from_no_sender() -> None:
    first, second = "mx.test; spf=pass", "evil.test; spf=pass"
    said = f"Authentication-Results: {first}"
    forged = f"Authentication-Results: {second}"
    assert read(said, OUTSIDE, forged).results == first
    assert read(OUTSIDE, said, forged).results == first
    assert read(OUTSIDE, OUTSIDE, forged).results == ""
    assert read(forged).results == ""


@given(st.lists(st.sampled_from(LINES), max_size=8), st.lists(st.sampled_from(LINES), max_size=8))
def test_nothing_a_sender_writes_changes_anything(above: list[str], below: list[str]) -> None:
    assert read(*above, OUTSIDE, *below).delivered_to == read(*above, OUTSIDE).delivered_to


@given(st.binary(max_size=400))
def test_no_bytes_raise(value: bytes) -> None:
    raw = b"Delivered-To: " + value + b"\r\nReceived: from lmtp" + value + b"\r\n\r\n"
    assert all("@" in one for one in mime.summary(raw).delivered_to)


@pytest.mark.parametrize(
    ("lines", "address", "is_bulk"),
    [
        (["List-Post: <mailto:talk@x.test>", "List-Id: <talk.x.test>"], "talk@x.test", True),
        (["List-Post: <https://x.test/>, <MAILTO:talk@x.test?a=b>"], "talk@x.test", True),
        (["List-Id: Talk <talk.x.test>"], "talk.x.test", True),
        (["List-Post: NO"], "", True),
        (["List-Unsubscribe: <https://x.test/>"], "", True),
        (["Precedence: BULK"], "", True),
        (["Auto-Submitted: auto-generated"], "", True),
        (["Auto-Submitted: no"], "", False),
        (["Auto-Submitted: No; comment"], "", False),
        (["Precedence: first-class"], "", False),
        ([], "", False),
    ],
)
def test_lists_and_machines_are_told_from_people(
    lines: list[str], address: str, is_bulk: bool
) -> None:
    said = mime.summary("\r\n".join(["Subject: x", *lines, "", "x"]).encode())
    assert (said.list_address, said.is_bulk) == (address, is_bulk)


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("multipart/report; report-type=delivery-status; boundary=b", "dsn"),
        ('Multipart/Report; boundary=b;\r\n REPORT-TYPE="disposition-notification"', "mdn"),
        ("multipart/report; report-type=feedback-report; boundary=b", ""),
        ("multipart/report; boundary=b", ""),
        ("text/plain; report-type=delivery-status", ""),
    ],
)
def test_reports_are_known_by_their_type(content_type: str, kind: str) -> None:
    raw = f"Subject: x\r\nContent-Type: {content_type}\r\n\r\nx".encode()
    assert mime.summary(raw).report_type == kind
