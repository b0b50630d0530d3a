"""Other people's scripts that lie in the tree: what they are, and that nobody touched them."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

VENDOR = Path("static/vendor")
TAKEN = json.loads((VENDOR / "manifest.json").read_text("utf-8"))


def test_the_manifest_names_every_file() -> None:
    named = {one["file"] for one in TAKEN} | {one["licenceFile"] for one in TAKEN}
    assert {one.name for one in VENDOR.iterdir()} == named | {"manifest.json"}


@pytest.mark.parametrize("one", TAKEN, ids=[one["name"] for one in TAKEN])
def test_a_file_is_what_was_built(one: dict[str, str]) -> None:
    built = (VENDOR / one["file"]).read_bytes()
    assert sha256(built).hexdigest() == one["sha256"]
    assert f"{one['name']} {one['version']}, {one['licence']}".encode() in built[:120]
    assert (VENDOR / one["licenceFile"]).stat().st_size > 500
    # Complete in itself: it brings nothing in, neither a module nor anything from elsewhere.
    text = built.decode()
    assert not re.search(r"^import\b|\bimport\(|\bfetch\(|XMLHttpRequest|sendBeacon", text)


def test_the_versions_are_those_that_are_locked() -> None:
    locked = json.loads(Path("scripts/vendor/package-lock.json").read_text("utf-8"))["packages"]
    for one in TAKEN:
        assert locked[f"node_modules/{one['name']}"]["version"] == one["version"]
        assert "resolved" not in locked[f"node_modules/{one['name']}"]


def test_squire_still_has_what_the_editor_mends_it_by() -> None:
    """Its private names are no promise; a new version that renames one has to be looked at."""
    used = re.compile(r"\b(?:this|editor\.words|words|super)\.(_[a-zA-Z]+)")
    folder = Path("static/js/compose")
    sources = [folder / f"{one}.js" for one in ("words", "editor", "images", "signature")]
    names = {name for one in sources for name in used.findall(one.read_text("utf-8"))}
    assert len(names) > 8
    built = (VENDOR / "squire.js").read_text("utf-8")
    assert {one for one in names if one not in built} == set()
