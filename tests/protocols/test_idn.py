"""Names of other alphabets lead where they are registered, and nowhere else."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from lib.forms import HostField
from mailstore import addresses as written
from protocols.idn import to_ascii
from protocols.offers import host_of
from protocols.smtp.envelope import path_of
from smtp_accounts import addresses


@pytest.mark.parametrize(
    ("domain", "plain"),
    [
        ("example.test", "example.test"),
        ("bücher.test", "xn--bcher-kva.test"),
        ("BÜCHER.test", "xn--bcher-kva.test"),
        # The examples of UTS 46 section 7 and RFC 5894.
        ("faß.de", "xn--fa-hia.de"),
        ("FAẞ.de", "xn--fa-hia.de"),
        ("imap.straße。de", "imap.xn--strae-oqa.de"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("ΒΌΛΟΣ.com", "xn--nxasmq6b.com"),
    ],
)
def test_a_name_is_the_registered_one(domain: str, plain: str) -> None:
    assert to_ascii(domain) == plain
    assert host_of(domain) == plain


@pytest.mark.parametrize("domain", ["a\u200db.test", "a\u200cb.de", "ß" * 60 + ".de", "ß\u202e.de"])
def test_what_is_not_sure_is_no_name(domain: str) -> None:
    with pytest.raises(UnicodeError):
        to_ascii(domain)
    assert host_of(domain) == ""


def test_a_typed_server_is_the_registered_one() -> None:
    """What the system's resolver would make of it is another server, that gets the password."""
    field = HostField()
    assert field.clean("imap.straße.de.") == "imap.xn--strae-oqa.de"
    assert field.clean("imap.bücher.test") == "imap.bücher.test"
    with pytest.raises(ValidationError):
        field.clean("imap.a\u200db.test")


def test_mail_goes_to_nobody_elses_domain() -> None:
    assert path_of("mara@straße.de", wide=False) == b"<mara@xn--strae-oqa.de>"
    assert addresses.normal("mara@straße.de") == "mara@xn--strae-oqa.de"
    [shown] = written.parse("Mara <mara@straße.de>".encode())
    assert shown.address == "mara@xn--strae-oqa.de"
