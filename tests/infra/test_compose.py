"""docker-compose.yml: its processes, with its environment, on Debian's PostgreSQL and Redis."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery import Celery
from django.conf import settings

from scripts.observatory import Answer, grade
from tests.broker import PrivateBroker, debian
from tests.infra.running import ROOT, fetch
from tests.postgres import PrivatePostgres, free_port
from tests.waiting import wait_until
from webmail.processes import QUEUES

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
#: What the file refuses to start without.
REQUIRED = ("ALLOWED_HOSTS", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "tributary"}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its ``${NAME:-default}`` and ``${NAME:?error}`` replaced, as compose does."""

    def value(found: re.Match[str]) -> str:
        given = values.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise KeyError(found["name"])
        return given or (found["text"] if found["kind"] == "-" else "") or ""

    return _VARIABLE.sub(value, text)


def all_text(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from all_text(value)
    elif isinstance(node, list):
        for value in node:
            yield from all_text(value)
    else:
        yield str(node)


def test_nothing_has_a_default_password() -> None:
    for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD"):
        uses = [
            found
            for text in all_text(SERVICES)
            for found in _VARIABLE.finditer(text)
            if found["name"] == name
        ]
        assert uses
        assert {found["kind"] for found in uses} == {"?"}
    example = (ROOT / ".env.example").read_text()
    assert (
        re.findall(r"^(?:\w*PASSWORD|SECRET_KEY|CREDENTIAL_KEYS)=(.*)$", example, re.M) == [""] * 4
    )


def test_the_example_names_every_variable() -> None:
    used = {found["name"] for text in all_text(SERVICES) for found in _VARIABLE.finditer(text)}
    named = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    assert named == used


#: Settings the containers do not take, and why.
NOT_TAKEN = {
    "ENV_FILE": "compose reads .env itself",
    "DEBUG": "for developers, never together with HTTPS",
    "BLOB_DIR": "in the data volume, which is one folder",
    "DATABASE_PREPARED": "no pooler stands before the PostgreSQL of the file",
    "ADMIN_EMAIL": "only `serve` makes the first administrator; VAPID_CONTACT is said itself",
    "CONNECTIVITY_LOOKUP_PORTS": "for tests only",
}
#: Settings that hold otherwise in containers: behind a proxy with TLS, on servers of their own.
OTHERWISE = {"HTTPS", "TRUSTED_PROXIES", "ALLOWED_HOSTS", "DATA_DIR", "DATABASE_URL", "BROKER_URL"}


def test_every_setting_is_taken_or_left_out_for_a_reason() -> None:
    source = (ROOT / "webmail" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    taken = set(OURS["web"]["environment"])
    assert read - taken == set(NOT_TAKEN)
    assert taken - read == set()


def test_the_defaults_are_those_of_the_settings_and_said_in_the_example() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", page, re.MULTILINE))
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name, text in OURS["web"]["environment"].items():
        default = filled(str(text), dict.fromkeys(REQUIRED, "x"))
        if name in OTHERWISE:
            continue
        assert example[name] == default, name
        # What is passed as nothing holds as the settings have it.
        assert default in ("", documented[name]), name


def test_every_queue_has_a_worker_and_every_process_a_health_check() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} == set(QUEUES)
    worked = [service["command"][4:] for service in OURS.values() if "worker" in service["command"]]
    assert sorted(queue for queues in worked for queue in queues) == sorted(QUEUES)
    for name, service in SERVICES.items():
        assert "healthcheck" in service or name == "prepare"
        assert service.get("volumes") or name == "valkey"


def test_only_the_web_is_reachable_and_only_from_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_the_image_has_the_programs_the_settings_look_for() -> None:
    looked_for = set(
        re.findall(r'which\("(\w+)"\)', (ROOT / "webmail" / "settings.py").read_text())
    )
    file = (ROOT / "Dockerfile").read_text()
    installed = re.search(r"apt-get install --no-install-recommends -y ([\w ]+)", file)
    assert installed is not None
    assert looked_for == set(installed[1].split())


def test_the_image_runs_as_nobody_special() -> None:
    steps = (ROOT / "Dockerfile").read_text().splitlines()
    assert steps.index("USER tributary") < next(
        at for at, step in enumerate(steps) if step.startswith("CMD ")
    )
    assert [step for step in steps if step.startswith("USER ")] == ["USER tributary"]
    assert not [one for one in SERVICES.values() if one.get("privileged") or "user" in one]


@dataclass
class Site:
    """The processes of the compose file, running here."""

    port: int
    broker_url: str
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]]

    def command(self, name: str) -> list[str]:
        command = [part.replace("8000", str(self.port)) for part in OURS[name]["command"]]
        assert command[0] == "python"
        return [sys.executable, *command[1:]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        postgres = stack.enter_context(PrivatePostgres())
        broker = stack.enter_context(PrivateBroker(debian()))
        values = {
            "ALLOWED_HOSTS": "mail.example.test",
            "POSTGRES_PASSWORD": postgres.password,
            "VALKEY_PASSWORD": "unused here",
        }
        declared = OURS["web"]["environment"]
        assert all(service["environment"] == declared for service in OURS.values())
        environment = {name: filled(str(text), values) for name, text in declared.items()}
        assert "postgresql://tributary:" in environment["DATABASE_URL"]
        assert environment["BROKER_URL"].startswith("redis://:")
        data = tmp_path_factory.mktemp("compose")
        # What differs from the containers: where the two servers are, and the folder.
        environment |= {
            "DATABASE_URL": postgres.url,
            "BROKER_URL": broker.url,
            "DATA_DIR": str(data),
            "ENV_FILE": os.devnull,
            "PATH": os.environ["PATH"],
        }
        running = Site(free_port(), broker.url, environment, {})
        subprocess.run(
            running.command("prepare"), cwd=ROOT, env=environment, check=True, timeout=300
        )
        for name in OURS:
            if name != "prepare":
                process = subprocess.Popen(running.command(name), cwd=ROOT, env=environment)
                stack.callback(_end, process)
                running.running[name] = process
        wait_until(
            lambda: fetch(running.port, "/readyz", host="mail.example.test")[0] == 200,
            "the web is ready",
        )
        yield running


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _inspected(site: Site, what: str) -> dict[str, Any]:
    # Not the current one: the tasks of later tests would go to this broker.
    with Celery(broker=site.broker_url, set_as_current=False) as app:
        return getattr(app.control.inspect(timeout=2.0), what)() or {}


def test_pages_are_served(site: Site) -> None:
    health = [sys.executable, "-m", "webmail.health", "--port", str(site.port)]
    # As its container does it asks again: of two processes one may have begun to answer later.
    wait_until(
        lambda: subprocess.run(health, cwd=ROOT, env=site.environment).returncode == 0,
        "it is healthy",
    )
    assert fetch(site.port, "/readyz", host="elsewhere.test")[0] == 400


def test_static_files_are_served_for_good(site: Site) -> None:
    _, page, _ = fetch(site.port, "/sign-in/", host="mail.example.test", scheme="https")
    style = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert style is not None
    status, text, headers = fetch(site.port, style[1], host="mail.example.test", scheme="https")
    assert status == 200
    assert text
    assert "immutable" in headers["cache-control"]


def test_the_observatory_would_give_an_a_plus(site: Site) -> None:
    """Mozilla's rules on what is served; tests/security/test_headers.py has every address."""
    host = "mail.example.test"
    way_in = []
    for path, status in (
        ("/sign-in/", 200), ("/", 302), ("/nowhere/", 404), ("/static/nowhere.css", 404),
        ("/sw.js", 200), ("/manifest.webmanifest", 200), ("/static/js/shell.js", 200),
        ("/offline/", 200), ("/healthz", 200), ("/mail/events", 403),
    ):  # fmt: skip
        url = f"https://{host}{path}"
        plain, _, moved = fetch(site.port, path, host=host)
        if path not in {"/healthz", "/mail/events"} and not path.startswith("/static/"):
            assert (plain, moved["location"]) == (301, url)
            way_in = [f"http://{host}{path}", moved["location"]]
        said, body, headers = fetch(site.port, path, host=host, scheme="https")
        assert said == status, path
        answer = Answer(url, {name: [value] for name, value in headers.items()}, body)
        report = grade(answer, way_in=way_in)
        assert report.grade == "A+", f"{path}: {report}"
        assert not [name for name, (_, points) in report.found.items() if points < 0], path
        assert not re.search(r"\d", headers.get("server", ""))  # no version


def test_what_is_deployed_passes_the_check(site: Site) -> None:
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    # Without a way out for it nobody gets a link for a forgotten password, of which it warns.
    env = site.environment | {"RELAY_URL": "smtps://relay.example.test"}
    done = subprocess.run(check, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_there_is_a_worker_for_every_queue(site: Site) -> None:
    def names() -> set[str]:
        return {name.partition("@")[0] for name in _inspected(site, "ping")}

    wait_until(lambda: names() == set(QUEUES), "every worker answers")
    for name, queues in _inspected(site, "active_queues").items():
        assert [queue["name"] for queue in queues] == [name.partition("@")[0]]


def test_the_clock_makes_the_workers_work(site: Site) -> None:
    def done() -> dict[str, int]:
        counts: dict[str, int] = {}
        for stats in _inspected(site, "stats").values():
            counts |= stats["total"]
        return counts

    expected = {"retrieval.tasks.dispatch_due", "smtp_accounts.tasks.dispatch_due"}
    wait_until(lambda: expected <= set(done()), "beat's hints were worked on")


def _is_well(site: Site, name: str) -> bool:
    """What the health check of a process looks for in the data folder."""
    look = OURS[name]["healthcheck"]["test"][1].replace("/data", site.environment["DATA_DIR"])
    return subprocess.run(look, shell=True).returncode == 0  # noqa: S602 - from the compose file


def test_everything_stops_when_asked(site: Site) -> None:
    # A process that is told to end while it still starts does so by the signal itself.
    wait_until(lambda: fetch(site.port, "/readyz", host="mail.example.test")[0] == 200, "the web")
    wait_until(lambda: len(_inspected(site, "ping")) == len(QUEUES), "every worker answers")
    wait_until(lambda: _is_well(site, "beat") and _is_well(site, "listener"), "both are well")
    for process in site.running.values():
        process.send_signal(signal.SIGTERM)
    ends = {name: process.wait(120) for name, process in site.running.items()}
    assert ends == dict.fromkeys(site.running, 0)


def test_a_wrong_setting_ends_the_container_at_once(site: Site, tmp_path: Path) -> None:
    environment = {**site.environment, "ALLOWED_HOSTS": "*", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        site.command("polls"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith('ALLOWED_HOSTS must not be "*"')
