"""What `make` and CI lean on: the checks of the tree, the acceptance page, skips, packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import acceptance, check_tree
from tests.infra.running import ROOT, environment


def findings(path: str, text: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(check_tree, "ROOT", root)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    rules = (
        check_tree.forbidden_words,
        check_tree.lock_file,
        check_tree.sizes,
        check_tree.inline_code,
    )
    return [finding for rule in rules for finding in rule(Path(path))]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.txt", "https://" + "pypi" + ".org/simple"),
        ("a.yml", "image: " + "ghcr" + ".io/x/y"),
        ("a.py", 'HERE = "/ho' + 'me/me"'),
        ("a.md", "see /ro" + "ot/notes"),
        ("a.py", "x = 1  # TO" + "DO mend"),
        ("a.py", "x = 1  # " + "noqa: F401"),
        ("a.py", "x = y()  # " + "type: ignore[no-any-return]"),
        ("requirements/lock.txt", "django==5.2 \\\n    --hash=sha256:" + "0" * 64 + "\n# from x"),
        ("requirements/lock.txt", "django @ file:" + "///wheels/django.whl"),
        ("big.py", "x = 1\n" * 401),
        ("templates/big.html", "<p>\n" * 151),
        ("templates/a.html", '<p style="color: red">'),
        ("templates/a.html", "<script>alert(1)</script>"),
        ("templates/a.html", '<button onclick="x()">'),
    ],
)
def test_what_must_not_be_in_the_tree_is_found(
    path: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(findings(path, text, tmp_path, monkeypatch)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "x = 1  # " + "noqa: F401  # read by the plugin"),
        ("a.py", "x = y()  # " + "type: ignore[arg-type] - the stub is wrong"),
        ("a.md", "var/data and /usr/bin/chromium"),
        ("requirements/lock.txt", "django==5.2 \\\n    --hash=sha256:" + "0" * 64),
        ("templates/a.html", '<script src="x.js" type="module"></script>'),
    ],
)
def test_what_is_allowed_is_not_found(
    path: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(path, text, tmp_path, monkeypatch) == []


def test_claims_are_read_from_every_kind_of_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptance, "ROOT", tmp_path)
    file = tmp_path / "test_x.py"
    file.write_text(
        "pytestmark = [pytest.mark.django_db, pytest.mark.accept('A1')]\n"
        "@pytest.mark.accept('A2', 'A3')\ndef test_a(): ...\n"
        "@pytest.mark.accept('A4')\nclass TestB:\n    def test_c(self): ...\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.accept('A5'))])\n"
        "def test_d(x): ...\n"
        "def helper(): ...\n"
    )
    assert sorted(acceptance.marks(file)) == [
        ("A1", "test_x.py::TestB::test_c"),
        ("A1", "test_x.py::test_a"),
        ("A1", "test_x.py::test_d"),
        ("A2", "test_x.py::test_a"),
        ("A3", "test_x.py::test_a"),
        ("A4", "test_x.py::TestB::test_c"),
        ("A5", "test_x.py::test_d"),
    ]


def test_the_page_lists_what_is_proven_and_what_is_not() -> None:
    page = acceptance.page({"A1": "One", "A2": "Two"}, {"A2": ["t.py::b", "t.py::a"]})
    assert "| A2 | Two | `t.py::a`<br>`t.py::b` |" in page
    assert "1 of 2 rows are proven." in page
    assert page.endswith("## Not covered yet\n\n- A1 One\n")


@pytest.mark.parametrize(("in_ci", "status"), [(True, 1), (False, 0)])
def test_a_skipped_test_fails_the_run_in_ci(tmp_path: Path, in_ci: bool, status: int) -> None:
    (tmp_path / "test_idle.py").write_text(
        "import pytest\ndef test_a():\n    pytest.skip('no reason')\ndef test_b(): ...\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.no_skips", "-c", "/dev/null", tmp_path],
        cwd=ROOT,
        env={**environment(tmp_path / "data"), "CI": str(in_ci).lower()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert ("in CI every test has to run" in done.stdout) is in_ci


def stub(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/bash\n{text}\n")
    (folder / name).chmod(0o755)


def system(folder: Path, *groups: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "system.sh", *groups],
        env={"PATH": f"{folder}"},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the shell's tools only, of an ordinary user without sudo."""
    for name in ("bash", "env", "sudo"):
        found = shutil.which(name)
        if found and name != "sudo":
            (tmp_path / name).symlink_to(found)
    stub(tmp_path, "id", "echo 1000")
    stub(tmp_path, "sudo", "exit 1")
    stub(tmp_path, "dpkg-query", "exit 1")
    return tmp_path


def test_missing_packages_are_named_with_the_command(bare: Path) -> None:
    done = system(bare, "redis")
    assert done.returncode == 1
    assert done.stderr == (
        "Some Debian packages are missing; install them as root with: "
        "apt-get install --no-install-recommends -y redis-server\n"
    )


def test_nothing_happens_where_everything_is_there(bare: Path) -> None:
    stub(bare, "redis-server", "exit 1")
    done = system(bare, "redis")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_apt_the_programs_are_named(bare: Path) -> None:
    stub(bare, "id", "echo 0")
    done = system(bare, "redis")
    assert done.returncode == 1
    assert done.stderr == (
        "These programs are missing, and there is no apt-get to install them: redis-server\n"
    )


def test_packages_are_installed_without_starting_services(bare: Path) -> None:
    stub(bare, "id", "echo 0")
    stub(bare, "apt-get", f'echo "$@" >> {bare}/calls')
    done = system(bare, "redis")
    assert done.returncode == 0, done.stderr
    calls = (bare / "calls").read_text().splitlines()
    assert calls == ["update -qq", "install --no-install-recommends -y redis-server -qq"]


def test_ci_runs_the_targets_of_the_makefile() -> None:
    called = (ROOT / ".ci" / "run").read_text()
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    for target in ("system", "setup", "lint", "types", "test", "e2e"):
        assert f" {target}" in called
        assert f"\n{target} " in f"\n{listed}"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
