"""The fields that the forms of both kinds of account are made of."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from lib.forms import HostField, PasswordField, PlainField, PortField


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" mail.example.com ", "mail.example.com"),
        ("mail.example.com.", "mail.example.com"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_a_host_is_taken_as_it_is_meant(typed: str, meant: str) -> None:
    assert HostField().clean(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "https://mail.example.com",
        "mara@example.com",
        "mail.example.com:993/x",
        "two words",
        "mail\x7f.example.com",
        "mail\u2028.example.com",
    ],
)
def test_what_is_no_host_is_refused_with_one_reason(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HostField().clean(typed)
    assert refused.value.messages == [
        "Enter only the name of the server, for example mail.example.com."
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kwyt qdnb hzpl abcd", "kwytqdnbhzplabcd"),
        (" with spaces kept ", " with spaces kept "),
        ("Kwyt qdnb hzpl abcd", "Kwyt qdnb hzpl abcd"),
    ],
)
def test_only_an_app_password_loses_its_spaces(typed: str, meant: str) -> None:
    assert PasswordField().clean(typed) == meant


@pytest.mark.parametrize("typed", ["a\r\nUSER b", "a\x85b", "a\u2029b"])
def test_nothing_gets_a_second_line_past_the_form(typed: str) -> None:
    for field in (PlainField(), PasswordField()):
        with pytest.raises(ValidationError, match="cannot be typed"):
            field.clean(typed)


@pytest.mark.parametrize("typed", ["0", "65536", "-1", "99x"])
def test_a_port_is_a_port(typed: str) -> None:
    with pytest.raises(ValidationError):
        PortField().clean(typed)


def test_a_password_is_never_written_into_a_page() -> None:
    assert "secret" not in PasswordField().widget.render("password", "secret")
