"""Domains are shown in their own letters only where nobody can take them for another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.idn import to_ascii
from protocols.readable import readable

# In Cyrillic: a well-known name of letters that all look Latin, and one word with a Latin o.
APPLE = "\u0430\u0440\u0440\u04cf\u0435"
MIXED = "g\u043eogle"


@pytest.mark.parametrize(
    "domain",
    [
        "example.test", "bücher.test", "straße.de", "møller.dk", "łódź.pl", "mail.česko.test",
        "бананы.рф", "παράδειγμα.test", "日本語.test", "例え.テスト", "한국.test", "ไทย.test",
    ],
)  # fmt: skip
def test_clear_letters_are_shown(domain: str) -> None:
    assert readable(f"ü@{to_ascii(domain)}") == f"ü@{domain}"
    assert readable(f"b@{to_ascii(domain).upper()}".lower()) == f"b@{domain}"


@pytest.mark.parametrize(
    "domain",
    [
        APPLE, MIXED, "g\u03bf\u03bfgle", "earth\u0131", "\u0140ong", "عربي", "\u30ce", "\u4e00",
        "\u05d0\u05d1", "ab\u0327\u20d2",
    ],
)  # fmt: skip
def test_what_may_be_taken_for_another_stays_as_it_is_registered(domain: str) -> None:
    coded = "xn--" + domain.encode("punycode").decode("ascii")
    assert readable(f"ada@{coded}.test") == f"ada@{coded}.test"


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@", "ada@xn--", "ada@xn--\u00fc.test", "a@b@xn--a-.c",
     "ada@xn--" + "9" * 80, "xn--bcher-kva@x.test", "ada@xn--abc-.test"],
)  # fmt: skip
def test_what_cannot_be_read_back_is_left_alone(address: str) -> None:
    assert readable(address) == address


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
def test_any_label_is_shown_so_that_it_leads_to_the_same_name(label: str) -> None:
    shown = readable(f"ada@xn--{label}.test").removeprefix("ada@").removesuffix(".test")
    assert shown == f"xn--{label}" or to_ascii(shown) == f"xn--{label}".lower()
