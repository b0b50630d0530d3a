"""The documentation names what there is."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from connectivity.models import Feature
from tests.infra.running import ROOT


def test_every_setting_is_documented() -> None:
    source = (ROOT / "webmail" / "settings.py").read_text()
    read = set(re.findall(r'env\.(?:\w+)\(\s*"([A-Z_]+)"', source)) - {"ENV_FILE"}
    page = (ROOT / "docs" / "operations.md").read_text()
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))


def test_every_rule_of_the_settings_is_documented() -> None:
    sources = [ROOT / "webmail" / name for name in ("checks.py", "environment.py")]
    rules = {rule for path in sources for rule in re.findall(r'"(E\d{3})"', path.read_text())}
    page = (ROOT / "docs" / "operations.md").read_text()
    assert rules
    assert {rule for rule in rules if rule not in page} == set()


def usages(page: str) -> dict[str, str]:
    """How each command is called, as the code blocks say: "name verb" and its lines."""
    found: dict[str, str] = {}
    for block in re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for lines in re.findall(r"^manage\.py .*\n(?:  .*\n)*", block, re.MULTILINE):
            words = lines.split()
            verbs = words[2].split("|") if len(words) > 2 else []
            for verb in ("", *verbs):
                found[f"{words[1]} {verb}"] = found.get(f"{words[1]} {verb}", "") + lines
    return found


def calls() -> Iterator[tuple[str, ArgumentParser]]:
    """Every "name verb" of our own commands with its parser."""
    ours = {room.name for room in apps.get_app_configs() if Path(room.path).parent == ROOT}
    for name, room in get_commands().items():
        if room not in ours:
            continue
        parser = load_command_class(room, name).create_parser("manage.py", name)
        subs = [one for one in parser._actions if isinstance(one, _SubParsersAction)]
        verbs = subs[0].choices if subs else {"": parser}
        yield from ((f"{name} {verb}", found) for verb, found in verbs.items())


def test_every_command_is_documented_with_its_options() -> None:
    documented = usages((ROOT / "docs" / "operations.md").read_text())
    shared = {*BaseCommand().create_parser("", "")._option_string_actions, "--json"}
    # One for each feature: --FEATURE.
    shared |= {f"--{feature.value}" for feature in Feature}
    missing = []
    for call, parser in calls():
        known = set(re.findall(r"--[a-z-]+", documented.get(call, "")))
        if call not in documented:
            missing.append(call)
        for action in parser._actions:
            names = set(action.option_strings)
            if names and not names & (known | shared):
                missing.append(f"{call}: {min(names)}")
    assert missing == []
    assert "--FEATURE" in documented["domain set"]


def test_no_command_is_documented_that_is_not_there() -> None:
    documented = usages((ROOT / "docs" / "operations.md").read_text())
    there = {call.split()[0] for call, _parser in calls()}
    assert {call.split()[0] for call in documented} - there == set()
