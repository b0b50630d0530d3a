"""``python -m standin FOLDER``: run the provider until SIGTERM.

Reads ``FOLDER/wanted.json`` (``{"users": {address: password}, "fill": {address: seed}}``), and
writes ``FOLDER/ready.json`` with its ports once everything answers.
"""

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from standin.provider import Provider


def main() -> int:
    """Run one provider."""
    folder = Path(sys.argv[1])
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    wanted = json.loads((folder / "wanted.json").read_text())
    # Blocked before any thread starts, so that only sigwait() below ever sees them.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with Provider(folder, wanted["users"]) as provider:
        for user, seed in wanted["fill"].items():
            provider.fill(user, datetime.now(UTC), seed=seed)
        facts = {
            "imap": provider.imap.imap_port,
            "imaps": provider.imap.imaps_port,
            "pop3": provider.imap.pop3_port,
            "pop3s": provider.imap.pop3s_port,
            "smtp": provider.smtp.port,
            "submission": provider.smtp.starttls_port,
            "smtps": provider.smtp.tls_port,
            "ca_file": provider.ca_file,
        }
        draft = ready.with_suffix(".draft")
        draft.write_text(json.dumps(facts))
        draft.replace(ready)
        signal.sigwait(ends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
