"""The documentation names what there is."""

from __future__ import annotations

import re

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
