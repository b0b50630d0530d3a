"""A wrong or unsafe setting stops the start with one clear sentence."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from pytest_django import Settings

from standin.certs import TlsFiles
from tests.infra.running import environment, manage
from webmail.checks import check_settings, system_mail

KEY = base64.b64encode(bytes(32)).decode()


def found(settings: Settings) -> list[str]:
    return [str(message.id) for message in check_settings()]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SECRET_KEY", "short", "E004"),
        ("SECRET_KEY", "a" * 60, "E004"),
        ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz", "E004"),
        ("CREDENTIAL_KEYS", [], "E005"),
        ("CREDENTIAL_KEYS", ["k1"], "E005"),
        ("CREDENTIAL_KEYS", ["k1:" + base64.b64encode(bytes(16)).decode()], "E005"),
        ("CREDENTIAL_KEYS", [f"k1:{KEY}", f"k1:{KEY}"], "E005"),
        ("BROKER_URL", "amqp://localhost", "E007"),
        ("BROKER_URL", "localhost:6379", "E007"),
        ("BROKER_URL", "redis://", "E007"),
        ("BROKER_URL", "redis+socket:///" + "d" * 108, "E007"),
        ("ALLOWED_HOSTS", ["*"], "E008"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["10.0.0.1/8"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["mail.example.test"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["0.0.0.0/0"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["::/0"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["0.0.0.0/0:993"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["10.0.0.0/8:0"], "E010"),
        ("CONNECTIVITY_ALLOWED_NETWORKS", ["10.0.0.0/8:65536"], "E010"),
        ("CONNECTIVITY_PORTS", ["993", "imap"], "E013"),
        ("CONNECTIVITY_PORTS", ["0"], "E013"),
        ("CONNECTIVITY_NAMESERVERS", ["ns.example.test"], "E014"),
        ("CONNECTIVITY_NAMESERVERS", ["192.0.2.53:many"], "E014"),
        ("CONNECTIVITY_LOOKUP_PORTS", ["https"], "E016"),
        ("CONNECTIVITY_LOOKUP_PORTS", ["gopher=70"], "E016"),
        ("CONNECTIVITY_LOOKUP_PORTS", ["https=65536"], "E016"),
        ("CONNECTIVITY_PROVIDERS_FILE", "/nowhere/providers.json", "E017"),
        ("SITE_URL", "mail.example.test", "E015"),
        ("SITE_URL", "https://mail.example.test/mail", "E015"),
        ("SITE_URL", "https://user:secret@mail.example.test", "E015"),
        ("CONNECTIVITY_CA_FILE", "/nowhere/ca.pem", "E011"),
        ("RELAY_URL", "mail.example.test", "E012"),
        ("RELAY_URL", "http://mail.example.test", "E012"),
        ("RELAY_URL", "smtp://", "E012"),
        ("RELAY_URL", "smtp://mail.example.test:many", "E012"),
        ("SPAM_SCORERS", ["127.0.0.1:783"], "E020"),
        ("SPAM_SCORERS", ["spamd:783"], "E020"),
        ("SPAM_SCORERS", ["rspamd:127.0.0.1:11333"], "E020"),
        ("SPAM_SCORERS", ["rspamd:http://user:secret@127.0.0.1:11333"], "E020"),
        ("CLAMAV", "clamd", "E021"),
    ],
)
def test_an_unusable_value_is_found(
    settings: Settings, name: str, value: object, rule: str
) -> None:
    setattr(settings, name, value)
    assert found(settings) == [f"tributary.{rule}"]


def test_usable_values_pass(settings: Settings, tls_files: TlsFiles) -> None:
    settings.CREDENTIAL_KEYS = [f"new:{KEY}", f"old:{KEY}"]
    settings.BROKER_URL = "rediss://user:secret@valkey.example.test:6380/1"
    settings.CONNECTIVITY_ALLOWED_NETWORKS = [
        *("10.1.0.0/16", "fd00::/8", "192.168.1.20", "10.0.0.0/8:993", "fd00::/8:993")
    ]
    settings.CONNECTIVITY_PORTS = ["993", "10993"]
    settings.CONNECTIVITY_NAMESERVERS = [
        "192.0.2.53",
        "192.0.2.53:5353",
        "2001:db8::53",
        "[::1]:53",
    ]
    settings.SITE_URL = "https://mail.example.test:8443/"
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    settings.RELAY_URL = "smtp+starttls://user:secret@mail.example.test:587"
    settings.SPAM_SCORERS = ["rspamd:http://127.0.0.1:11333", "spamd:/run/spamd.sock"]
    settings.CLAMAV = "clamav:3310"
    assert found(settings) == []


def test_a_file_without_certificates_is_found(settings: Settings, tmp_path: Path) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tmp_path / "ca.pem")
    (tmp_path / "ca.pem").write_text("no certificate at all")
    assert found(settings) == ["tributary.E011"]


def test_debug_and_https_exclude_each_other(settings: Settings) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    assert found(settings) == []
    settings.HTTPS = True
    assert found(settings) == ["tributary.E009"]


def test_secrets_others_may_read_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "secrets").mkdir(mode=0o700)
    secret = tmp_path / "secrets" / "secret_key"
    secret.write_text("x")
    secret.chmod(0o600)
    assert found(settings) == []
    secret.chmod(0o640)
    assert found(settings) == ["tributary.E006"]


def test_a_relay_password_is_never_repeated(settings: Settings) -> None:
    settings.RELAY_URL = "ftp://user:hunter2@mail.example.test"
    assert all("hunter2" not in str(message) for message in check_settings())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://localhost/x", "DATABASE_URL has to begin with postgresql://"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL has to begin with postgresql://"),
        ("DATABASE_URL", "postgresql://u:hunter2@host", "DATABASE_URL names no database."),
        ("DATABASE_URL", "postgresql://u:hunter2@host:port/x", "DATABASE_URL is no database"),
        ("DATA_DIR", "/dev/null/data", "DATA_DIR /dev/null/data cannot be used: Not a directory."),
        ("BLOB_DIR", "/dev/null/blobs", "BLOB_DIR /dev/null/blobs cannot be used"),
        ("DEBUG", "perhaps", "DEBUG has to be on or off."),
        ("MAX_SEND_SIZE", "25 MB", "MAX_SEND_SIZE has to be a whole number."),
        ("RETRIEVAL_INTERVAL", "0", "RETRIEVAL_INTERVAL has to be at least 5."),
        ("RETRIEVAL_IN_FLIGHT", "9" * 30, "RETRIEVAL_IN_FLIGHT has to be at most 2147483647."),
        ("RETRIEVAL_USER_CONNECTIONS", "0", "RETRIEVAL_USER_CONNECTIONS has to be at least 1."),
        ("RETRIEVAL_HOST_LOGINS", "0.5", "RETRIEVAL_HOST_LOGINS has to be a whole number."),
        ("PUSH_CONNECTIONS", "1000000", "PUSH_CONNECTIONS has to be at most 100000."),
        ("LOG_LEVEL", "chatty", "LOG_LEVEL has to be DEBUG,"),
        ("ALLOWED_HOSTS", "*", 'ALLOWED_HOSTS must not be "*"'),
        ("SECRET_KEY", "hunter2", "SECRET_KEY is too easy to guess"),
    ],
)
def test_the_start_stops_with_one_sentence(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    env = {**environment(tmp_path / "data"), name: value}
    for command in (["serve"], ["process", "beat"]):
        done = manage(*command, env=env)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1
        assert "(tributary.E0" in done.stderr
        assert "hunter2" not in done.stderr
    done = manage("domain", "list", "--json", env=env)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"].startswith(sentence)


def test_a_folder_that_cannot_be_entered_is_told(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(b"SECRET_KEY=\xff\xfe")
    done = manage("serve", env={**environment(tmp_path / "data"), "ENV_FILE": str(file)})
    assert done.returncode == 1
    assert done.stderr.startswith(f"The settings file {file} cannot be read")
    assert done.stderr.count("\n") == 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("MAX_SEND_SIZE=banana\n")
    env = {**environment(tmp_path / "data"), "ENV_FILE": str(file)}
    assert "MAX_SEND_SIZE has to be" in manage("domain", "list", env=env).stderr
    done = manage("check", env={**env, "MAX_SEND_SIZE": "100000"})
    assert done.returncode == 0, done.stderr


def test_mail_of_the_system_needs_a_way_out(settings: Settings) -> None:
    assert [one.id for one in system_mail()] == ["tributary.W001"]
    settings.SYSTEM_MAIL_ACCOUNT = "post@example.test"
    settings.ALLOWED_HOSTS = [".example.test"]
    assert [one.id for one in system_mail()] == ["tributary.W002"]
    settings.SYSTEM_MAIL_ACCOUNT, settings.RELAY_URL = "", "smtp://relay.example.test"
    settings.SITE_URL = "https://mail.example.test"
    assert system_mail() == []


OPTIONS = """
from django.conf import settings
options = settings.DATABASES["default"]["OPTIONS"]
print(options["prepare_threshold"], options.get("options", "none"))
"""


@pytest.mark.parametrize(
    ("address", "prepared", "said"),
    [
        ("", "on", "1 -c max_parallel_workers_per_gather=0"),
        (
            "?options=-c%20work_mem%3D8MB",
            "on",
            "1 -c max_parallel_workers_per_gather=0 -c work_mem=8MB",
        ),
        ("", "off", "None none"),  # a pooler refuses such words
    ],
)
def test_pages_start_no_helpers_in_postgresql(
    tmp_path: Path, address: str, prepared: str, said: str
) -> None:
    env = environment(tmp_path / "data")
    env["DATABASE_URL"] = f"postgresql://someone:hunter2@127.0.0.1:1/mail{address}"
    done = manage("shell", "-v0", "-c", OPTIONS, env={**env, "DATABASE_PREPARED": prepared})
    assert done.stdout.strip() == said, done.stderr
