#!/bin/bash
# system.sh GROUP…: install the Debian packages of the groups named, if anything of them is missing.
# Groups: python dovecot postfix spamassassin scanners redis postgres chromium, or all of these;
# gettext, which only `make messages` needs. Does nothing when everything is there.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

missing=()
need() { # need PACKAGE TEST…: want the package unless the test succeeds
    local package=$1
    shift
    "$@" || missing+=("$package")
}

group() {
    case $1 in
        all) for one in python dovecot postfix spamassassin scanners redis postgres chromium; do group "$one"; done ;;
        python) need python3-venv python3 -c 'import ensurepip' 2>/dev/null ;;
        dovecot)
            need dovecot-core have dovecot
            need dovecot-imapd test -x /usr/lib/dovecot/imap
            need dovecot-pop3d test -x /usr/lib/dovecot/pop3
            ;;
        postfix) need postfix have postfix ;;
        spamassassin) need spamassassin have spamassassin ;;
        scanners)
            need rspamd have rspamd
            need spamd have spamd
            need clamav-daemon have clamd
            ;;
        redis) need redis-server have redis-server ;;
        postgres) need postgresql test -n "$(compgen -G '/usr/lib/postgresql/*/bin/initdb')" ;;
        chromium)
            need chromium have chromium
            need chromium-headless-shell have chromium-headless-shell
            need fonts-inter installed fonts-inter
            need fonts-dejavu-core installed fonts-dejavu-core
            need fonts-noto-color-emoji installed fonts-noto-color-emoji
            ;;
        gettext) need gettext have msgfmt ;;
        *) echo "system.sh: no group named $1" >&2; exit 2 ;;
    esac
}

for name in "$@"; do group "$name"; done
[ ${#missing[@]} -eq 0 ] && exit 0

command="apt-get install --no-install-recommends -y ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "Some Debian packages are missing; install them as root with: $command" >&2
    exit 1
fi
if ! have apt-get; then
    echo "These programs are missing, and there is no apt-get to install them: ${missing[*]}" >&2
    exit 1
fi

# Only the programs are wanted: Debian must not start services of its own for them.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086  # one word a package
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
