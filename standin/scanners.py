"""Real rspamd, spamd and clamd on loopback, each in a folder of its own.

They ask nobody and load nothing from elsewhere: rspamd without modules of the network, spamd with
local tests only, clamd with one signature that is written here.
"""

import shutil
import subprocess
from abc import abstractmethod
from pathlib import Path
from typing import Self

from standin import ports
from standin.running import Running

#: What every spam filter calls spam (https://spamassassin.apache.org/gtube/).
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
#: What every virus scanner calls a virus (https://www.eicar.org); in two pieces, as scanners of
#: the machine it is written on would take this file away.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
#: The name that `Clamd` gives it.
VIRUS = "Tributary.Test.UNOFFICIAL"


class Daemon(Running):
    """A program that stays in the foreground and listens on `port`."""

    program = ""

    def __init__(self, folder: Path) -> None:
        """`folder` is made where it is missing; everything the daemon writes lies in it."""
        self.folder = folder
        self.port = ports.pick((0,))[0]
        self._running: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _command(self) -> list[str]:
        """Write what it needs, and how it is started."""

    def start(self) -> Self:
        """Start and wait until it answers; raises RuntimeError with its log if it does not."""
        found = shutil.which(self.program) or shutil.which(self.program, path="/usr/sbin")
        if not found:
            raise RuntimeError(f"{self.program} is not installed (scripts/system.sh scanners).")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "said").open("wb") as said:
            self._running = subprocess.Popen(
                [found, *self._command()], stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        if not ports.wait_for(self.port):
            log = (self.folder / "said").read_text(errors="replace")
            raise RuntimeError(f"{self.program} did not start: {log}")
        return self

    def stop(self) -> None:
        """End it and wait for its end."""
        if self._running is not None:
            self._running.terminate()
            try:
                self._running.wait(20)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
            self._running = None


class Rspamd(Daemon):
    """Knows GTUBE, and a word in the subject that costs 7 points."""

    program = "rspamd"

    @property
    def url(self) -> str:
        """Where its normal worker answers."""
        return f"http://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        # Its own list of 9,000 public suffixes takes it most of a minute to compile.
        (self.folder / "suffixes").write_text("com\norg\ntest\n")
        (self.folder / "own.lua").write_text(_LUA)
        config = self.folder / "rspamd.conf"
        config.write_text(_RSPAMD.format(folder=self.folder, port=self.port))
        return ["--no-fork", "--insecure", "--config", str(config)]


class Spamd(Daemon):
    """SpamAssassin with the rules of its package that need no network."""

    program = "spamd"

    def _command(self) -> list[str]:
        listen = f"--listen=127.0.0.1:{self.port}"
        log = f"--syslog={self.folder / 'log'}"
        # One child would do; the next one is begun before it is needed.
        return ["--local", "--nouser-config", "--max-children=1", listen, log, "--username=nobody"]


class Clamd(Daemon):
    """Knows one signature: that of EICAR. Listens on `socket` as well."""

    program = "clamd"

    @property
    def socket(self) -> Path:
        """Its unix socket."""
        return self.folder / "s"

    def _command(self) -> list[str]:
        base = self.folder / "base"
        base.mkdir(exist_ok=True)
        (base / "own.ndb").write_text(f"Tributary.Test:0:*:{EICAR.encode().hex()}\n")
        config = self.folder / "clamd.conf"
        config.write_text(_CLAMD.format(folder=self.folder, port=self.port))
        return ["--config-file", str(config)]


_RSPAMD = """\
lua = "{folder}/own.lua";
options {{
  filters = "";
  url_tld = "{folder}/suffixes";
  pidfile = "{folder}/pid";
  hs_cache_dir = "{folder}";
  control_socket = "{folder}/control mode=0600";
  dns {{ nameserver = "127.0.0.1:1"; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "warning"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""
_LUA = """\
rspamd_config:register_symbol({
  name = 'OWN_WORD', type = 'normal', score = 7.0, group = 'own', description = 'A word of tests',
  callback = function(task) return (task:get_subject() or ''):find('seven%-points') ~= nil end,
})
"""
_CLAMD = """\
Foreground yes
DatabaseDirectory {folder}/base
TemporaryDirectory {folder}
LocalSocket {folder}/s
TCPSocket {port}
TCPAddr 127.0.0.1
StreamMaxLength 30M
SelfCheck 0
LogFile {folder}/log
"""
