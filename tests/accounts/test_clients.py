"""Programs in words, and what is made of those that lie."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import clients
from tests.infra.running import ROOT

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox 140, Linux",
        ),
        (f"{WINDOWS} {BLINK} Chrome/142.0.0.0 Safari/537.36", "Chrome 142, Windows"),
        (f"{WINDOWS} {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1.2", "Edge 142, Windows"),
        (f"{MAC} {WEBKIT} Version/18.1 Safari/605.1.15", "Safari 18, macOS"),
        (f"{PHONE} {WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1", "Safari 18, iPhone"),
        (f"{PHONE} {WEBKIT} CriOS/130.0.1 Mobile/15E148 Safari/604.1", "Chrome 130, iPhone"),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome 141, Android",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.3.0",
            "Thunderbird 140, Linux",
        ),
        (
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
            "Outlook 16, Windows",
        ),
        ("Outlook-iOS/2.0", "Outlook, iOS"),
        ("DAVx5/4.4-ose (2026/01/01; dav4jvm; okhttp/4.12.0) Android/15", "DAVx5 4, Android"),
        ("iOS/18.1 (22B83) dataaccessd/1.0", "Apple, iOS"),
        ("Apple-iPhone14C5/2106.79", "Apple Mail, iPhone"),
        ("K-9 Mail 6.8", "K-9 Mail 6"),
        ("aerc/0.18.2", "aerc 0.18"),
        ("python-requests/2.31.0", "python-requests 2.31"),
        # Not among ours: the collection knows it.
        (f"{WINDOWS} {BLINK} Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36",
         "Yandex Browser 25, Windows"),
        ("", ""),
        ("\x00\x01\x7f", ""),
        ("nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_programs_are_told_in_words(said: str, told: str) -> None:
    assert clients.describe(said) == told


@settings(max_examples=30)  # those that claim to be browsers are looked up, which takes long
@given(st.text(max_size=1000))
def test_whatever_is_sent_becomes_one_short_line(said: str) -> None:
    for text in (said, f"Mozilla/5.0 {said}", f"{said}/1.0"):
        told = clients.describe(text)
        assert len(told) <= clients.TOLD
        assert not told or (told.isprintable() and told.isascii())


def test_a_new_version_is_the_same_program() -> None:
    assert clients.kind("Firefox 140, Linux") == clients.kind("Firefox 141, Linux")
    assert clients.kind("Firefox 140, Linux") != clients.kind("Firefox 140, Windows")


def test_usual_programs_load_no_collection() -> None:
    ask = (
        "import sys\nfrom accounts.clients import describe\n"
        "describe('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')\n"
        "describe('aerc/0.18')\nassert 'ua_parser' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", ask], cwd=ROOT, check=True, timeout=300)
