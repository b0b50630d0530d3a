"""Grades answers as MDN's HTTP Observatory does, without asking anybody.

The rules and their points are those of
developer.mozilla.org/en-US/observatory/docs/tests_and_scoring and of mdn/mdn-http-observatory
(src/analyzer/tests, src/grader/charts.js), read in 2026; written anew here. Left out is what
depends on lists elsewhere: preloaded names are not looked up.

    python -m scripts.observatory https://mail.example.org/ https://mail.example.org/sign-in/
"""

from __future__ import annotations

import re
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urljoin, urlsplit

#: From here on good marks count too (round two of the scoring).
EXTRA_CREDIT: Final = 90
#: Six months, as the Observatory counts them.
SIX_MONTHS: Final = 15_552_000
_GRADES: Final = [
    (100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"),
    (45, "C-"), (40, "D+"), (30, "D"), (25, "D-"),
]  # fmt: skip
_BROAD: Final = frozenset(
    "ftp: http: https: * http://* http://*.* https://* https://*.*".split()  # noqa: SIM905 # words
)
_INLINE: Final = frozenset({"'unsafe-inline'", "data:"})
_HASHED: Final = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
_KNOWN_REFERRERS: Final = {
    "no-referrer": 5, "same-origin": 5, "strict-origin": 5, "strict-origin-when-cross-origin": 5,
    "origin": -5, "origin-when-cross-origin": -5, "unsafe-url": -5,
    "no-referrer-when-downgrade": -5,
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. ``headers`` by lower-case name, every value of it."""

    url: str
    headers: Mapping[str, Sequence[str]]
    body: str = ""

    def first(self, name: str) -> str:
        """The first value of a header; empty without one."""
        return next(iter(self.headers.get(name, [])), "").strip()


@dataclass(frozen=True)
class Report:
    """What each test found and the points it gives."""

    found: Mapping[str, tuple[str, int]]

    @property
    def score(self) -> int:
        """100 less all bad marks; the good ones count where at least 90 are left."""
        points = [given for _said, given in self.found.values()]
        score = 100 + sum(one for one in points if one < 0)
        if score >= EXTRA_CREDIT:
            score += sum(one for one in points if one > 0)
        return max(score, 0)

    @property
    def grade(self) -> str:
        """A+ to F."""
        return next((grade for least, grade in _GRADES if self.score >= least), "F")


def grade(answer: Answer, *, way_in: Sequence[str] = ()) -> Report:
    """Grade one answer. ``way_in``: the addresses passed when it was asked for over http, the
    first one included; empty where nobody listens there."""
    found = {
        "content-security-policy": _policy(answer),
        "cookies": _cookies(answer),
        "cross-origin-resource-sharing": _sharing(answer),
        "cross-origin-resource-policy": _resource_policy(answer),
        "redirection": _redirection(way_in),
        "referrer-policy": _referrer(answer),
        "strict-transport-security": _transport(answer),
        "subresource-integrity": _integrity(answer),
        "x-content-type-options": (
            ("nosniff", 0)
            if answer.first("x-content-type-options").lower() == "nosniff"
            else ("missing", -5)
        ),
        "x-frame-options": _framing(answer),
    }
    return Report(found)


def policies(answer: Answer) -> dict[str, set[str]]:
    """The directives of all policies in force; the first of a name in a policy counts."""
    together: dict[str, set[str]] = {}
    for header in answer.headers.get("content-security-policy", []):
        for policy in header.split(","):
            one: dict[str, set[str]] = {}
            for words in filter(None, (part.split() for part in policy.split(";"))):
                one.setdefault(words[0].lower(), {word.lower() for word in words[1:]} or {"'none'"})
            for name, sources in one.items():
                together[name] = together.get(name, set()) | sources
    return together


def _policy(answer: Answer) -> tuple[str, int]:
    rules = policies(answer)
    if not rules:
        return "not implemented", -25
    fallback = rules.get("default-src", {"*"})
    script, style, objects = (
        set(rules.get(name, fallback)) for name in ("script-src", "style-src", "object-src")
    )
    for sources in (script, style):
        if any(source.startswith(_HASHED) for source in sources):
            sources.discard("'unsafe-inline'")
    passive = {one for name in ("img-src", "media-src") for one in rules.get(name, fallback)}
    active = {
        one
        for name, sources in rules.items()
        if name not in {"img-src", "media-src", "script-src"}
        for one in sources
    } | script
    plain = ("http:", "ftp:")
    judged = [
        (bool(script & (_BROAD | _INLINE) or objects & _BROAD), "unsafe scripts", -20),
        (any(one.startswith(plain) for one in active), "active content over http", -20),
        ("'unsafe-eval'" in script | style, "unsafe-eval", -10),
        (any(one.startswith(plain) for one in passive), "passive content over http", -10),
        (bool(style & (_BROAD | _INLINE)), "unsafe styles only", 0),
        (rules.get("default-src") == {"'none'"}, "no unsafe, default-src 'none'", 10),
    ]
    return next(((said, points) for holds, said, points in judged if holds), ("no unsafe", 5))


def _cookies(answer: Answer) -> tuple[str, int]:
    guarded = _transport(answer)[1] >= 0
    marks: list[tuple[str, int]] = []
    everywhere = True
    for header in answer.headers.get("set-cookie", []):
        for name, cookie in SimpleCookie(header).items():
            session = any(word in name.lower() for word in ("login", "sess"))
            same = str(cookie["samesite"]).lower()
            everywhere = everywhere and bool(same)
            if same and (
                same not in {"lax", "strict", "none"} or (same == "none" and not cookie["secure"])
            ):
                marks.append(("odd SameSite", -20))
            if not cookie["secure"]:
                marks.append(("not Secure", (-10 if session else -5) if guarded else -20))
                if session and not guarded:
                    marks.append(("session not Secure", -40))
            if "csrf" in name.lower() and not same:
                marks.append(("token without SameSite", -20))
            if session and not cookie["httponly"]:
                marks.append(("session not HttpOnly", -30))
    if marks:
        return min(marks, key=lambda one: one[1])
    if not answer.headers.get("set-cookie"):
        return "none", 0
    return ("all flags", 5) if everywhere else ("no SameSite", 0)


def _sharing(answer: Answer) -> tuple[str, int]:
    """As answered to a foreign Origin; whoever asks puts one into the question."""
    allowed = answer.first("access-control-allow-origin")
    with_cookies = answer.first("access-control-allow-credentials").lower() == "true"
    universal = with_cookies and allowed not in {"", "*"}
    return ("with credentials", -50) if universal else (allowed or "none", 0)


def _resource_policy(answer: Answer) -> tuple[str, int]:
    said = answer.first("cross-origin-resource-policy").lower()
    return said or "none", {"same-origin": 10, "same-site": 10, "cross-origin": 0, "": 0}.get(
        said, -5
    )


def _redirection(way_in: Sequence[str]) -> tuple[str, int]:
    if not way_in:
        return "nobody listens", 0
    addresses = [urlsplit(one) for one in way_in]
    if len(addresses) == 1:
        return "missing", -20
    if addresses[-1].scheme != "https":
        return "not to https", -20
    if addresses[1].scheme == "http":
        return "http first", -10
    if addresses[0].hostname != addresses[1].hostname:
        return "to another host", -5
    return "to https", 0


def _referrer(answer: Answer) -> tuple[str, int]:
    said = ",".join(answer.headers.get("referrer-policy", []))
    if not said:
        return "none", 0
    known = [word.strip().lower() for word in said.split(",")]
    known = [word for word in known if word in _KNOWN_REFERRERS]
    return (known[-1], _KNOWN_REFERRERS[known[-1]]) if known else ("not understood", -5)


def _transport(answer: Answer) -> tuple[str, int]:
    said = answer.first("strict-transport-security").lower()
    if urlsplit(answer.url).scheme != "https" or not said:
        return "not implemented", -20
    age = re.search(r"(?:^|;)\s*max-age=(\d+)", said)
    if age is None or "," in said:
        return "not understood", -20
    return ("short", -10) if int(age[1]) < SIX_MONTHS else (said, 0)


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(dict(attrs))


def _integrity(answer: Answer) -> tuple[str, int]:
    if not answer.first("content-type").startswith(("text/html", "application/xhtml+xml")):
        return "no page", 0
    page = _Scripts()
    page.feed(answer.body)
    marks = []
    for script in page.found:
        source = script.get("src") or ""
        whole = urlsplit(urljoin(answer.url, source))
        near = whole.hostname == urlsplit(answer.url).hostname and not source.startswith("//")
        safe = whole.scheme == "https" and not source.startswith("//")
        if source and not near:
            sealed = bool(script.get("integrity"))
            marks.append({(True, True): 5, (False, True): -5, (True, False): -20}.get(
                (sealed, safe), -50
            ))  # fmt: skip
        elif source and script.get("integrity") and safe:
            marks.append(5)
    return ("scripts", min(marks)) if marks else ("own scripts only", 0)


def _framing(answer: Answer) -> tuple[str, int]:
    if "frame-ancestors" in policies(answer):
        return "by the policy", 5
    said = answer.first("x-frame-options").lower()
    if said in {"deny", "sameorigin"} or said.startswith("allow-from"):
        return said, 0
    return said or "none", -20


def ask(url: str) -> Answer:
    """GET an address, with a foreign Origin, without following it to another."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object, **kwargs: object) -> None:
            return None

    opener = urllib.request.build_opener(
        Stay, urllib.request.HTTPSHandler(context=ssl.create_default_context())
    )
    try:
        question = urllib.request.Request(url, headers={"Origin": "https://elsewhere.test"})  # noqa: S310 # what the caller typed
        got = opener.open(question, timeout=20)
    except urllib.error.HTTPError as error:
        got = error
    with got:
        headers = {name.lower(): got.headers.get_all(name, []) for name in got.headers}
        return Answer(url, headers, got.read().decode("utf-8", "replace"))


def way_from_http(url: str) -> list[str]:
    """The addresses passed from the http form of ``url``; empty where nobody listens there."""
    way = ["http" + url[len("https") :]]
    try:
        while len(way) < 5 and (location := ask(way[-1]).first("location")):
            way.append(urljoin(way[-1], location))
    except OSError:
        return way if len(way) > 1 else []
    return way


def main(urls: Sequence[str]) -> int:
    """Prints the grade of each address; 1 where one is below A+."""
    worst = 0
    for url in urls:
        report = grade(ask(url), way_in=way_from_http(url))
        print(f"{report.grade:2} {report.score:4}  {url}")
        for name, (said, points) in report.found.items():
            print(f"      {points:+4}  {name}: {said}")
        worst = max(worst, int(report.grade != "A+"))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
