#!/usr/bin/env python
"""Entry point of the operator commands."""

import gc
import json
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from webmail import demo_environment


def main() -> None:
    """Run a command; settings that cannot be used end it with one sentence."""
    # A start makes many objects and next to no garbage; to look for it after every 700 of them
    # takes a seventh of the time. Our commands look again once they do their work.
    gc.set_threshold(200_000)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webmail.settings")
    if sys.argv[1:2] == ["demo"]:
        demo_environment.prepare(os.environ)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--json" in sys.argv:
            sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
            sys.exit(1)
        sys.exit(str(error))
    finally:
        # The interpreter looks for garbage once more before it ends, among all there is: as long
        # as a fifth of a start, for memory that is given back anyway.
        gc.freeze()


if __name__ == "__main__":
    main()
