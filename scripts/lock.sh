#!/bin/sh
# The lock files hold names, versions and hashes; where packages come from is each machine's matter.
set -eu
lock() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
lock pyproject.toml --output-file requirements/lock.txt
lock pyproject.toml --group dev --output-file requirements/dev.lock.txt
