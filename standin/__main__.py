"""``python -m standin FOLDER``: run the provider until SIGTERM.

Reads ``FOLDER/wanted.json`` (``{"users": {address: password}, "fill": {address: seed}}``), and
writes ``FOLDER/ready.json`` with its ports once everything answers.
"""

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from standin.provider import Provider


def main() -> int:
    """Run one provider."""
    folder = Path(sys.argv[1])
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    wanted = json.loads((folder / "wanted.json").read_text())
    asked_to_end = threading.Event()
    # Handlers, not a blocked mask: Dovecot would inherit the mask and never hear its own SIGTERM.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_end.set())
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
        asked_to_end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
