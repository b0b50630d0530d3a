"""SPF, DMARC and the results of receivers, read and graded: pure, over what a test says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstore import auth_results, dmarc
from smtp_accounts import alignment, known_senders, spf
from smtp_accounts.alignment import BAD, GOOD, UNKNOWN, WEAK, Facts
from smtp_accounts.spf import Allowed

HOME = "lind.test"
INCLUDE = "_spf.provider.test"
SERVER = Allowed(frozenset({INCLUDE}), ("192.0.2.7", "2001:db8::7"))
Zone = dict[tuple[str, str], Sequence[str]]


def read(record: str | Sequence[str], zone: Zone | None = None) -> spf.Spf:
    known: Zone = {
        ("TXT", HOME): [record] if isinstance(record, str) else record,
        ("TXT", INCLUDE): ["v=spf1 ip4:198.51.100.0/24 ~all"],
        **(zone or {}),
    }
    return spf.read(HOME, lambda kind, name: known.get((kind, name), ()), SERVER)


@pytest.mark.parametrize(
    "record",
    [
        f"v=spf1 include:{INCLUDE} ~all",
        f"v=spf1 ip4:203.0.113.1 include:{INCLUDE.upper()} -all",
        f"V=SPF1 +include:{INCLUDE}. ?all",
        "v=spf1 ip4:192.0.2.7 -all",
        "v=spf1 ip4:192.0.2.0/24 -all",
        "v=spf1 ip6:2001:db8::/32 -all",
        "v=spf1 a:mail.lind.test -all",
        "v=spf1 mx -all",
        "v=spf1 mx/24 -all",
        "v=spf1 redirect=all.lind.test",
        "v=spf1 include:all.lind.test -all",
    ],
)
def test_records_that_name_the_server(record: str) -> None:
    zone: Zone = {
        ("A", "mail.lind.test"): ["192.0.2.7"],
        ("MX", HOME): ["mail.lind.test"],
        ("TXT", "all.lind.test"): [f"v=spf1 include:{INCLUDE} -all"],
    }
    found = read(record, zone)
    assert found.names
    assert not found.broken


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 -all",
        "v=spf1 ip4:192.0.2.8 -all",
        "v=spf1 ip4:rubbish a: mx: ip6:: -all",
        f"v=spf1 -include:{INCLUDE} ~all",
        f"v=spf1 ~all include:{INCLUDE}",
        "v=spf1 a -all",
        "v=spf1 include:other.test -all",
    ],
)
def test_records_that_do_not(record: str) -> None:
    zone: Zone = {("TXT", "other.test"): ["v=spf1 ip4:198.51.100.1 -all"]}
    assert not read(record, zone).names


@pytest.mark.parametrize(
    ("record", "rest"),
    [("v=spf1 -all", "-"), ("v=spf1 ~all", "~"), ("v=spf1 all", "+"), ("v=spf1 a", "")],
)
def test_what_is_said_of_everybody_else(record: str, rest: str) -> None:
    assert read(record).rest == rest


@pytest.mark.parametrize(
    ("record", "broken"),
    [
        (["v=spf1 -all", "v=spf1 a -all"], "many"),
        ("v=spf1 include:nowhere.test -all", "include"),
        ("v=spf1 " + "a:x.test " * 11 + "-all", "lookups"),
        ("v=spf1 include:loop.test -all", "lookups"),
        ("v=spf1 redirect=loop.test", "lookups"),
    ],
)
def test_records_receivers_give_up_on(record: str | Sequence[str], broken: str) -> None:
    assert read(record, {("TXT", "loop.test"): ["v=spf1 include:loop.test -all"]}).broken == broken


def test_ten_lookups_are_allowed() -> None:
    assert read("v=spf1 " + "a:x.test " * 10 + "-all").broken == ""


def test_other_texts_are_no_records() -> None:
    assert read(["google-site-verification=x", "v=spf10 -all", "spf2.0/pra -all"]).records == []


def test_what_depends_on_the_message_is_not_certain() -> None:
    assert read("v=spf1 exists:%{i}.lind.test -all").is_unsure
    assert read("v=spf1 include:%{d}.test -all").is_unsure


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ("v=spf1 mx ~all", "v=spf1 mx a:smtp.test ~all"),
        ("v=spf1 -ALL", "v=spf1 a:smtp.test -ALL"),
        ("v=spf1 redirect=x.test", "v=spf1 a:smtp.test redirect=x.test"),
        ("v=spf1", "v=spf1 a:smtp.test"),
    ],
)
def test_a_term_is_put_where_it_counts(record: str, changed: str) -> None:
    assert spf.with_term(record, "a:smtp.test") == changed


def test_several_records_become_one() -> None:
    assert spf.joined(["v=spf1 mx -all", "v=spf1 mx a ~all"]) == "v=spf1 mx a -all"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_record_is_read(text: str, inner: str) -> None:
    found = read(f"v=spf1 {text}", {("TXT", "x.test"): [f"v=spf1 {inner}"]})
    assert found.lookups <= spf.MAX_LOOKUPS + 1
    dmarc.policy(text)
    auth_results.read(text)


@pytest.mark.parametrize(
    ("record", "inherited", "expected"),
    [
        ("v=DMARC1; p=reject", False, ("reject", "r", "r")),
        ("V=dmarc1;P=Quarantine ; aspf=s;adkim=S", False, ("quarantine", "s", "s")),
        ("v=DMARC1; p=reject; sp=none", True, ("none", "r", "r")),
        ("v=DMARC1; p=reject", True, ("reject", "r", "r")),
        ("v=DMARC1", False, ("none", "r", "r")),
        ("p=reject", False, ("", "r", "r")),
        ("", False, ("", "r", "r")),
    ],
)
def test_policies(record: str, inherited: bool, expected: tuple[str, str, str]) -> None:
    found = dmarc.policy(record, is_inherited=inherited)
    assert (found.policy, found.spf, found.dkim) == expected


@pytest.mark.parametrize(
    ("found", "mode", "agrees"),
    [
        ("lind.test", "s", True),
        ("mail.lind.test", "s", False),
        ("mail.lind.test", "r", True),
        ("notlind.test", "r", False),
        ("", "r", False),
    ],
)
def test_which_domains_agree(found: str, mode: str, agrees: bool) -> None:
    assert alignment.is_aligned(HOME, HOME, found, mode) is agrees


FINE = {
    "domain": HOME,
    "server": "smtp.provider.test",
    "term": f"include:{INCLUDE}",
    "spf_records": [f"v=spf1 include:{INCLUDE} ~all"],
    "spf_names": True,
    "spf_rest": "~",
    "selectors": ["s1"],
    "dmarc": "v=DMARC1; p=none",
    "dmarc_at": HOME,
}
OTHER = {"spf_records": ["v=spf1 mx -all"], "spf_names": False, "spf_rest": "-"}
SOFT = {"spf_records": ["v=spf1 mx ~all"], "spf_names": False}
ABOVE = {"dmarc": "v=DMARC1; p=reject; sp=none", "dmarc_at": "up.test"}
NO_KEY: dict[str, object] = {"selectors": []}


@pytest.mark.parametrize(
    ("changed", "grade", "fix"),
    [
        ({}, GOOD, None),
        (NO_KEY, GOOD, None),
        ({"relation": "own", "spf_records": []}, GOOD, None),
        ({"relation": "foreign"}, BAD, "other-provider"),
        ({"relation": "none"}, UNKNOWN, "no-server"),
        ({"unanswered": [HOME]}, UNKNOWN, "unanswered"),
        ({"dmarc": "", "unanswered": [f"_dmarc.{HOME}"]}, UNKNOWN, "unanswered"),
        ({"spf_records": [], "spf_names": False}, WEAK, "spf-missing"),
        ({"spf_records": [], "spf_names": False} | NO_KEY, BAD, "spf-missing"),
        ({"spf_broken": "many", "spf_records": ["v=spf1 a", "v=spf1 mx"]}, WEAK, "spf-many"),
        ({"spf_broken": "lookups"} | NO_KEY, BAD, "spf-lookups"),
        (OTHER, WEAK, "spf-server"),
        (OTHER | NO_KEY, BAD, "spf-server"),
        (SOFT | NO_KEY, WEAK, "spf-server"),
        (SOFT | NO_KEY | {"dmarc": "v=DMARC1; p=reject"}, BAD, "spf-server"),
        (SOFT | NO_KEY | ABOVE, WEAK, "spf-server"),
        ({"spf_rest": "+", "spf_records": ["v=spf1 mx +all"]}, WEAK, "spf-anybody"),
        ({"spf_unsure": True, "spf_names": False}, GOOD, None),
        (NO_KEY | {"asked_selectors": True}, WEAK, "dkim"),
        ({"dmarc": ""}, WEAK, "dmarc-missing"),
    ],
)  # fmt: skip
def test_grades(changed: dict[str, object], grade: str, fix: str | None) -> None:
    facts = Facts(**{**FINE, **changed})  # type: ignore[arg-type] # fields by name
    found = alignment.grade(facts)
    assert (found.grade, found.fix.id if found.fix else None) == (grade, fix)
    assert Facts.of_row(facts.as_row) == facts


def test_what_was_seen_on_own_mail_counts_more_than_keys() -> None:
    facts = Facts(**{**FINE, "asked_selectors": True, "selectors": []})  # type: ignore[arg-type] # fields by name
    assert alignment.grade(facts, signed=True).grade == GOOD
    signed = Facts(**FINE)  # type: ignore[arg-type] # fields by name
    broken = alignment.grade(signed, signed=False)
    assert broken.fix is not None
    assert (broken.grade, broken.fix.id) == (WEAK, "dkim")


@pytest.mark.parametrize(
    ("changed", "name", "value"),
    [
        ({"spf_records": []}, HOME, f"v=spf1 include:{INCLUDE} ~all"),
        (SOFT, HOME, f"v=spf1 mx include:{INCLUDE} ~all"),
        ({"spf_rest": "+", "spf_records": ["v=spf1 mx all"]}, HOME, "v=spf1 mx ~all"),
        ({"dmarc": ""}, f"_dmarc.{HOME}", "v=DMARC1; p=none"),
    ],
)
def test_the_exact_record(changed: dict[str, object], name: str, value: str) -> None:
    fix = alignment.grade(Facts(**{**FINE, **changed})).fix  # type: ignore[arg-type] # fields by name
    assert fix is not None
    assert (fix.name, fix.value) == (name, value)


def test_an_old_row_is_read() -> None:
    assert Facts.of_row({"domain": HOME, "gone": 1}) == Facts(HOME)
    assert Facts.of_row({}) == Facts("")


GOOGLE = (
    "mx.google.com; dkim=pass header.i=@lind.test header.s=s1 header.b=AbC;"
    " spf=pass (google.com: domain of mara@lind.test designates 192.0.2.7 as permitted sender)"
    " smtp.mailfrom=mara@lind.test; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=lind.test"
)
OUTLOOK = (
    "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=lind.test; dkim=fail (body hash did not"
    " verify) header.d=lind.test;dmarc=pass action=none header.from=lind.test;compauth=pass"
)


def test_results_of_receivers() -> None:
    google = auth_results.read(GOOGLE)
    assert google is not None
    assert (google.server, google.spf, google.dkim, google.dmarc) == (
        "mx.google.com",
        "pass",
        "pass",
        "pass",
    )
    assert (google.spf_domain, google.dkim_domain) == (HOME, HOME)
    outlook = auth_results.read(OUTLOOK)
    assert outlook is not None
    assert (outlook.server, outlook.spf, outlook.dkim) == ("", "pass", "fail")


def test_one_signature_that_holds_is_enough() -> None:
    field = "x.test 1; dkim=fail header.d=list.test; dkim=pass header.d=lind.test; dkim=fail"
    found = auth_results.read(field)
    assert found is not None
    assert (found.dkim, found.dkim_domain) == ("pass", HOME)


@pytest.mark.parametrize("field", ["", ";", "x.test; none", "((((", "x.test; spf=perhaps", "=;=;="])
def test_results_that_are_none(field: str) -> None:
    assert auth_results.read(field) is None


@pytest.mark.parametrize(
    ("host", "include"),
    [
        ("smtp.gmail.com", "_spf.google.com"),
        ("SMTP.Office365.com.", "spf.protection.outlook.com"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazonses.com"),
        ("notgmail.com", None),
        ("", None),
    ],
)
def test_known_senders(host: str, include: str | None) -> None:
    found = known_senders.of_host(host)
    assert (found.includes[0] if found else None) == include
