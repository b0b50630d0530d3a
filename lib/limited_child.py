"""The child of `lib.limited`: limits itself first, loads what it is to call after."""

from __future__ import annotations

import json
import os
import resource
import sys
from importlib import import_module


def main(said: str) -> int:
    """Call the function named in `said` with standard input; its answer goes to standard output.

    Exit codes: 0 done, 3 the answer is too long; all else is a failure.
    """
    function, options, cpu, memory, most = json.loads(said)
    for what, limit in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory),
        # The answer is a file, so its cap holds even for a library that was taken over.
        (resource.RLIMIT_FSIZE, most),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))
    out = os.dup(1)
    # Libraries that print would print into the answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, _, name = function.rpartition(".")
    answer = getattr(import_module(module), name)(sys.stdin.buffer.read(), **options)
    if len(answer) > most:
        return 3
    with os.fdopen(out, "wb") as file:
        file.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
