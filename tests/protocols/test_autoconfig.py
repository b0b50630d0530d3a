"""Reading configurations: what is well written, what is not, and what is hostile."""

from __future__ import annotations

import pytest

from protocols import autoconfig, autodiscover
from protocols.errors import ProtocolBroken
from protocols.offers import Offer, fill, host_of, is_personal, tidy
from protocols.types import Security

ADDRESS = "mara.lind@river.test"


def server(kind: str = "imap", tag: str = "incomingServer", **values: str) -> str:
    said = {
        "hostname": "imap.river.test",
        "port": "993",
        "socketType": "SSL",
        "username": "%EMAILADDRESS%",
        "authentication": "password-cleartext",
    } | values
    rows = "".join(f"<{name}>{text}</{name}>" for name, text in said.items())
    return f'<{tag} type="{kind}">{rows}</{tag}>'


def document(*servers: str, more: str = "") -> bytes:
    whole = (
        f'<clientConfig version="1.1"><emailProvider id="river.test"><domain>river.test</domain>'
        f"<displayName>River</displayName>{more}{''.join(servers)}</emailProvider></clientConfig>"
    )
    return whole.encode()


def offers(*servers: str) -> tuple[Offer, ...]:
    return autoconfig.parse(document(*servers)).offers


def test_a_configuration() -> None:
    config = autoconfig.parse(
        document(
            server(
                "smtp",
                "outgoingServer",
                hostname="smtp.river.test",
                port="587",
                socketType="STARTTLS",
            ),
            server("pop3", port="995"),
            server(),
        )
    )
    assert (config.id, config.name, config.domains) == ("river.test", "River", ("river.test",))
    assert [one.kind for one in config.offers] == ["imap", "pop", "smtp"]
    assert config.offers[0] == Offer("imap", "imap.river.test", 993, Security.TLS)
    assert config.offers[2].security is Security.STARTTLS


def test_the_order_of_a_kind_is_kept() -> None:
    one, two = server(port="143", socketType="plain"), server(port="993")
    assert [each.port for each in offers(one, two)] == [143, 993]


@pytest.mark.parametrize(
    "bad",
    [
        server("imap", "outgoingServer"),
        server("smtp", "incomingServer"),
        server("exchange"),
        server("ews"),
        server(hostname=""),
        server(hostname="a b"),
        server(hostname="localhost"),
        server(hostname="127.0.0.1"),
        server(hostname="-x.test"),
        server(hostname="x" * 400),
        server(port=""),
        server(port="0"),
        server(port="65536"),
        server(port="9" * 5000),
        server(port="٣"),
        server(port="-1"),
        server(socketType="maybe"),
        server(socketType=""),
        "<incomingServer/>",
        "<!-- x --><?pi x?>",
    ],
)
def test_what_is_no_whole_server_is_left_out(bad: str) -> None:
    assert [one.port for one in offers(bad, server())] == [993]


@pytest.mark.parametrize(
    ("written", "auth"),
    [
        ("password-cleartext", ("password",)),
        ("password-encrypted", ("password",)),
        ("plain", ("password",)),
        ("OAuth2", ("oauth",)),
        ("GSSAPI", ()),
        ("", ()),
    ],
)
def test_ways_to_sign_in(written: str, auth: tuple[str, ...]) -> None:
    assert offers(server(authentication=written))[0].auth == auth


def test_several_ways_to_sign_in_keep_their_order() -> None:
    both = "OAuth2</authentication><authentication>password-cleartext"
    assert offers(server(authentication=both))[0].auth == ("oauth", "password")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("%EMAILADDRESS%", ADDRESS),
        ("%EMAILADDRESS", ADDRESS),
        ("%EmailLocalPart%", "mara.lind"),
        ("%EMAILLOCALPART%.%EMAILDOMAIN%", "mara.lind.river.test"),
        ("", ADDRESS),
        ("u4711", "u4711"),
        ("%OTHER%", "%OTHER%"),
    ],
)
def test_placeholders(written: str, meant: str) -> None:
    (one,) = offers(server(username=written))
    assert fill(one.username, ADDRESS) == meant
    assert is_personal(one.username) == (meant in ("u4711", "%OTHER%"))


def test_a_host_with_a_placeholder() -> None:
    (one,) = offers(server(hostname="Mail.%EMAILDOMAIN"))
    assert host_of(fill(one.host, ADDRESS)) == "mail.river.test"


def test_a_name_space_and_a_second_provider() -> None:
    other = document(server(port="1")).removeprefix(b'<clientConfig version="1.1">')
    two = document(server()).replace(b"</clientConfig>", other)
    spaced = two.replace(b"<clientConfig", b'<clientConfig xmlns="urn:x"', 1)
    assert [one.port for one in autoconfig.parse(spaced).offers] == [993]


def test_more_than_anybody_needs_is_cut() -> None:
    assert len(offers(*[server()] * 500)) == autoconfig.MOST_SERVERS
    many = "".join(f"<domain>d{n}.test</domain>" for n in range(5000))
    found = autoconfig.parse(document(server(), more=many)).domains
    assert len(found) == autoconfig.MOST_DOMAINS


WHOLE = document(server())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<html/>",
        b"<clientConfig/>",
        b"<clientConfig>",
        b"<!DOCTYPE clientConfig>" + WHOLE,
        b'<!DOCTYPE z SYSTEM "file:///etc/passwd">' + WHOLE,
        b'<!DOCTYPE z [<!ENTITY a "River">]>' + WHOLE.replace(b">River<", b">&a;<"),
        b'<?xml version="1.0" encoding="no-such"?><clientConfig/>',
        b"\xff\xfe\x00",
        WHOLE + b" " * autoconfig.CAP,
        b"<clientConfig>" + b"<a>" * 80_000,
    ],
)
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        autoconfig.parse(data)


def test_the_text_of_a_host() -> None:
    assert host_of("Müller.test.") == "xn--mller-kva.test"
    assert host_of("a" * 64 + ".test") == ""
    assert host_of("x..test") == ""
    assert host_of("1.2.3.4") == ""
    assert tidy(" %emailaddress ") == "%EMAILADDRESS%"


def answer(protocols: str, *, around: str = "Account") -> bytes:
    return (
        f"<Autodiscover><Response><{around}>{protocols}</{around}></Response></Autodiscover>"
    ).encode()


def protocol(kind: str = "IMAP", **values: str) -> str:
    said = {"Type": kind, "Server": "mail.river.test"} | values
    rows = "".join(f"<{name}>{text}</{name}>" for name, text in said.items())
    return f"<Protocol>{rows}</Protocol>"


@pytest.mark.parametrize(
    ("values", "port", "security"),
    [
        ({"Port": "993", "SSL": "on"}, 993, Security.TLS),
        ({"Port": "993"}, 993, Security.TLS),
        ({}, 993, Security.TLS),
        ({"Port": "143", "SSL": "on"}, 143, Security.STARTTLS),
        ({"Port": "143", "SSL": "off"}, 143, Security.NONE),
        ({"Port": "143", "SSL": "off", "Encryption": "TLS"}, 143, Security.STARTTLS),
        ({"Port": "1993", "Encryption": "SSL"}, 1993, Security.TLS),
        ({"Port": "143", "Encryption": "None"}, 143, Security.NONE),
    ],
)
def test_an_answer_of_autodiscover(values: dict[str, str], port: int, security: Security) -> None:
    (one,) = autodiscover.parse(answer(protocol(**values)), ADDRESS)
    assert (one.kind, one.port, one.security) == ("imap", port, security)
    assert fill(one.username, ADDRESS) == ADDRESS


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (ADDRESS.upper(), "%EMAILADDRESS%"),
        ("mara.lind", "%EMAILLOCALPART%"),
        ("u4711", "u4711"),
    ],
)
def test_a_name_to_sign_in_with(said: str, kept: str) -> None:
    (one,) = autodiscover.parse(answer(protocol(LoginName=said)), ADDRESS)
    assert one.username == kept


@pytest.mark.parametrize(
    "other",
    [
        protocol("EXCH"),
        protocol("WEB"),
        protocol(Server="x"),
        protocol(Port="0"),
        protocol(Port="x"),
        "",
    ],
)
def test_other_protocols_are_left_out(other: str) -> None:
    assert autodiscover.parse(answer(other), ADDRESS) == ()


def test_an_answer_somewhere_else_is_none() -> None:
    assert autodiscover.parse(answer(protocol(), around="User"), ADDRESS) == ()
    with pytest.raises(ProtocolBroken):
        autodiscover.parse(b"<clientConfig/>", ADDRESS)


def test_the_question_holds_the_address_as_text() -> None:
    asked = autodiscover.pox_request("a<b>&c@river.test")
    assert b"a&lt;b&gt;&amp;c@river.test" in asked
    assert "a%20b%26c@river.test" in autodiscover.json_url("https://x", "a b&c@river.test").replace(
        "%40", "@"
    )


def test_an_answer_in_json() -> None:
    assert autodiscover.json_host(b'{"Url": "https://Mail.river.test:443/x"}') == "mail.river.test"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"7",
        b'{"Url": 7}',
        b'{"Url": "x"}',
        b'{"Url": "https://["}',
        b'{"Url": "https://127.0.0.1/"}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_an_answer_in_json_without_a_host(data: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        autodiscover.json_host(data)
