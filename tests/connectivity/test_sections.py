"""The registry of sections and their health."""

from connectivity.sections import SECTIONS, Concern, Health

TITLES = [
    "Cloud Storage Connections",
    "Email Retrieval",
    "SMTP Accounts",
    "Synchronized Devices",
    "Authenticated IPs",
    "Mailbox Migration",
]


def test_all_six_sections_have_their_place_and_a_line_of_their_own() -> None:
    assert [str(section.title) for section in SECTIONS] == TITLES
    assert len({str(section.description) for section in SECTIONS}) == 6
    assert all(section.template for section in SECTIONS if section.card)


def test_health_adds_up() -> None:
    whole = Health(2, 1, (Concern("a", "/a/"),)) + Health(1, 0, (Concern("b", "/b/"),))
    assert (whole.total, whole.fine, whole.waiting) == (6, 3, 1)
    assert whole.segments == ("f", "f", "f", "w", "b", "b")


def test_trouble_is_seen_on_the_meter_however_many_accounts_there_are() -> None:
    crowd = Health(500, 3, (Concern("a", "/a/"),))
    assert len(crowd.segments) <= 16
    assert crowd.segments[-1] == "b"
    assert Health().segments == ()
