"""Ports of servers that are started later: nobody else may have taken them by then."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from standin import ports
from tests.infra.running import ROOT


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[range]:
    """So few ports that two who look for some meet, and a register for them alone."""
    few = range(19_900, 19_930)
    monkeypatch.setattr(ports, "OURS", few)
    monkeypatch.setattr(ports, "_held", set())
    monkeypatch.setattr(ports, "_register", -1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield few
    if ports._register >= 0:
        os.close(ports._register)


def test_no_port_is_given_to_two_processes(few: range) -> None:
    code = f"from standin import ports; ports.OURS = {few!r}; print(*ports.pick([0] * 9))"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", f"{code}; import sys; sys.stdin.read()"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        assert len(theirs) == 9
        ours: set[int] = set()
        with pytest.raises(OSError, match="no free port"):
            while True:
                ours.add(*ports.pick([0]))
        assert ours
        assert not ours & theirs
        other.stdin.close()


def test_a_port_in_use_is_not_given(few: range) -> None:
    with socket.create_server((ports.HOST, few[0])):
        found = []
        with pytest.raises(OSError, match="no free port"):
            while True:
                found += ports.pick([few[0]])
        assert few[0] not in found
        assert len(set(found)) == len(found)


def test_a_wish_is_granted_where_nobody_listens(few: range) -> None:
    assert ports.pick([few[3], few[5]]) == [few[3], few[5]]


def test_outgoing_connections_never_sit_on_one_of_ours() -> None:
    told = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert ports.OURS.stop <= int(told[0])
