"""Whether the time of an answer tells which addresses exist.

    python -m bench.recovery_timing [--tries N] [--only recovery|sign-in]

Asks a running installation for new passwords, and tries to sign in with a wrong one, for as many
addresses that exist as for such that do not (1,000 of each, each asked for once), the two mixed in
an order drawn by lot. Prints how many of each were asked for, the medians, and how likely so large
a difference between the two is where there is none (two-sample test of Kolmogorov and Smirnov).
Nobody can tell them apart where the medians are less than 5 ms apart and p > 0.01; on a machine
that is busy with other things, or with few tries, the figures say nothing.

The limits on requests are lifted by emptying their counters; everything else is as in life, the
workers included. On PostgreSQL: ``python -m tests.postgres python -m bench.recovery_timing``.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import statistics
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import exp, sqrt
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from captcha.models import CaptchaStore
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Domain, Tries, User
from accounts.services import captchas
from accounts.services.captchas import Kind
from bench.web import say, served

HOST = "bench.test"
#: Answers of the first requests are slow for other reasons.
WARM_UP = 30


class Visitor:
    """A browser with one connection; every request comes from another network."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.count = 0
        self.line.request("GET", "/sign-in/")
        answer = self.line.getresponse()
        page, cookies = answer.read().decode(), answer.headers.get_all("Set-Cookie") or []
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        if found is None:
            sys.exit("The sign-in page has no token.")
        self.token = found[1]
        self.cookie = "; ".join(one.partition(";")[0] for one in cookies)

    def post(self, path: str, values: dict[str, str], *, expected: int) -> float:
        """Seconds until the whole answer was there."""
        self.count += 1
        network = f"198.{18 + self.count // 62500}.{self.count // 250 % 250}.{self.count % 250}"
        body = urlencode({"csrfmiddlewaretoken": self.token, **values})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self.cookie,
            "X-Forwarded-For": network,
        }
        begun = time.perf_counter()
        self.line.request("POST", path, body, headers)
        answer = self.line.getresponse()
        answer.read()
        took = time.perf_counter() - begun
        if answer.status != expected:
            sys.exit(f"{path} answered {answer.status}, not {expected}.")
        return took

    def recovery(self, address: str) -> float:
        """Ask for a new password."""
        Tries.objects.all().delete()
        key = captchas.make(Kind.PICTURE)
        answer = CaptchaStore.objects.get(hashkey=key).response
        values = {"address": address, "challenge": key, "answer": answer}
        return self.post("/recover/", values, expected=302)

    def sign_in(self, address: str) -> float:
        """Try a wrong password."""
        Tries.objects.all().delete()
        values = {"username": address, "password": "not the password of anybody"}
        return self.post("/sign-in/", values, expected=422)


def kolmogorov_smirnov(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """The largest distance D of two distributions, and how likely one as large is by chance.

    Asymptotic distribution with the correction of M. A. Stephens (Journal of the Royal Statistical
    Society B 32, 1970): Q(x) = 2 * sum over k >= 1 of (-1)^(k-1) exp(-2 k^2 x^2).
    """
    one, other = sorted(first), sorted(second)
    distance = max(
        abs(bisect_right(one, at) / len(one) - bisect_right(other, at) / len(other))
        for at in (*one, *other)
    )
    size = sqrt(len(one) * len(other) / (len(one) + len(other)))
    x = (size + 0.12 + 0.11 / size) * distance
    if x < 0.2:
        return distance, 1.0  # the sum converges slowly there, towards 1
    chance = 2 * sum((-1) ** (k - 1) * exp(-2 * k * k * x * x) for k in range(1, 101))
    return distance, min(max(chance, 0.0), 1.0)


def people(count: int) -> None:
    """Make as many people with a confirmed backup address."""
    domain = Domain.objects.create(name=HOST)
    now, password = timezone.now(), make_password("quiet-river-in-spring")
    User.objects.bulk_create(
        User(
            email=f"known{number}@{HOST}",
            domain=domain,
            password=password,
            backup_address=f"known{number}@elsewhere.test",
            backup_confirmed_at=now,
        )
        for number in range(count)
    )


def measured(ask: Callable[[str], float], count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer, for known and for unknown addresses."""
    order = [(kind, number) for kind in ("known", "stray") for number in range(count)]
    random.SystemRandom().shuffle(order)
    took: dict[str, list[float]] = {"known": [], "stray": []}
    for number in range(WARM_UP):
        ask(f"other{number}@{HOST}")
    for kind, number in order:
        took[kind].append(1000 * ask(f"{kind}{number}@{HOST}"))
    return took["known"], took["stray"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", type=int, default=1000, help="of each kind")
    parser.add_argument("--only", choices=["recovery", "sign-in"])
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    people(options.tries)
    environ = {**os.environ, "TRUSTED_PROXIES": "1", "SITE_URL": f"http://{HOST}"}
    with served(Path(os.environ["DATA_DIR"]), environ) as (url, _pid):
        visitor = Visitor(url)
        asking = {"recovery": visitor.recovery, "sign-in": visitor.sign_in}
        say(f"{'':10}{'n of each':>10}{'known':>10}{'unknown':>10}{'apart':>10}{'D':>8}{'p':>8}")
        for name, ask in asking.items():
            if options.only in (None, name):
                known, unknown = measured(ask, options.tries)
                first, second = statistics.median(known), statistics.median(unknown)
                distance, chance = kolmogorov_smirnov(known, unknown)
                say(
                    f"{name:10}{len(known):10}"
                    f"{first:7.2f} ms{second:7.2f} ms{abs(first - second):7.2f} ms"
                    f"{distance:8.4f}{chance:8.4f}"
                )


if __name__ == "__main__":
    main()
