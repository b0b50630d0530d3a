"""What every operator command shares: JSON, exits, and no traceback for a mistake."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Domain
from lib.operator import (
    AddVerb,
    Answer,
    OperatorCommand,
    OperatorError,
    add_password_option,
    as_text,
    at_least_one,
    on_off,
    port_number,
    read_password,
)
from protocols.errors import LoginRefused, Stage

FAILURES: dict[str, Exception] = {
    "operator": OperatorError("It is Tuesday.", {"day": 2}),
    "validation": ValidationError(["Too short.", "Too easy."]),
    "missing": Domain.DoesNotExist(),
    "server": LoginRefused(Stage.LOGIN, server_line="NO try harder"),
}


class Command(OperatorCommand):
    missing = "There is no such domain."
    requires_system_checks: list[str] = []

    def add_verbs(self, add: AddVerb) -> None:
        told = add("tell", self.tell, "Answers.")
        told.add_argument("--loud", type=on_off)
        add_password_option(told)
        fail = add("fail", self.fail, "Fails.")
        fail.add_argument("how", choices=FAILURES)

    def tell(self, *, loud: bool | None, password_stdin: bool) -> Answer:
        return {"loud": loud, "letters": len(read_password()) if password_stdin else None}

    def fail(self, *, how: str) -> Answer:
        raise FAILURES[how]


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    command = Command(stdout=out, stderr=err, no_color=True)
    try:
        command.run_from_argv(["manage.py", "example", *arguments])
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_an_answer_is_lines_for_people_and_json_for_programs() -> None:
    assert run("tell", "--loud", "on") == (0, "loud: yes\nletters: -\n", "")
    code, out, _ = run("tell", "--loud", "off", "--json")
    assert (code, json.loads(out)) == (0, {"loud": False, "letters": None})


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("operator", "It is Tuesday."),
        ("validation", "Too short. Too easy."),
        ("missing", "There is no such domain."),
        ("server", "The server did not accept the username and password."),
    ],
)
def test_a_failure_is_one_sentence_and_exit_1(how: str, cause: str) -> None:
    assert run("fail", how) == (1, "", f"{cause}\n")
    code, out, err = run("fail", how, "--json")
    assert (code, json.loads(out)["error"], err) == (1, cause, "")


def test_facts_of_a_failure_stand_beside_it() -> None:
    _, out, _ = run("fail", "server", "--json")
    facts: dict[str, Any] = json.loads(out)
    assert facts["stage"] == "login"
    assert facts["cause"] == "login-refused"
    assert facts["server"] == "NO try harder"


@pytest.mark.parametrize("arguments", [["dance"], [], ["tell", "--loud", "very"], ["tell", "--x"]])
def test_a_mistyped_command_is_told_the_same_way(arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    code, out, _ = run(*arguments, "--json")
    assert code == 1
    assert json.loads(out)["error"].startswith("Error: ")


def test_called_from_code_it_raises() -> None:
    with pytest.raises(CommandError, match="It is Tuesday."):
        call_command(Command(), "fail", "operator")


def test_a_password_is_the_first_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" two words \r\nrest\n"))
    assert read_password() == " two words "
    with pytest.raises(OperatorError, match="No password arrived"):
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        read_password()


def test_a_list_is_an_aligned_table() -> None:
    rows = [{"name": "a", "users": 12}, {"name": "long", "users": 3}]
    assert as_text(rows) == "name  users\na     12\nlong  3"
    assert as_text([]) == ""


def test_names_do_not_command_the_terminal() -> None:
    told = as_text([{"name": "a\x1b]0;b\x07\x9b2Jc\u202ed"}]) + as_text({"name": "\x1b[8m"})
    assert not any(sign in told for sign in "\x1b\x07\x9b\u202e")


def test_a_list_inside_an_answer_is_a_table_below_its_name() -> None:
    answer = {"id": 1, "folders": [{"name": "INBOX", "here": 12}], "quarantine": []}
    assert as_text(answer) == "id: 1\nfolders:\n  name   here\n  INBOX  12\nquarantine: -"


def test_numbers_that_count_and_ports_have_bounds() -> None:
    assert (at_least_one("1"), port_number("65535")) == (1, 65535)
    for kind, wrong in ((at_least_one, "0"), (at_least_one, "-3"), (port_number, "65536")):
        with pytest.raises(ValueError, match=wrong):
            kind(wrong)
