#!/usr/bin/env bash
# Installs the Debian packages that the demo and the tests need. Says what it does; does nothing twice.
# Usage: docker/install-packages.sh demo|test
set -euo pipefail

packages=(postgresql openssl libxml2-utils ca-certificates)
commands=(openssl xmllint)
if [ "${1:-demo}" = test ]; then
    packages+=(python3-lxml python3-venv curl rsyslog rsyslog-gnutls rsyslog-openssl bsdutils iproute2 nftables strace chrony xmlsec1)
    commands+=(curl python3 rsyslogd logger ip nft strace chronyd chronyc xmlsec1)
fi

# Debian keeps servers and network tools where an ordinary user's PATH does not look.
PATH="$PATH:/usr/sbin:/sbin"
missing=()
for command in "${commands[@]}"; do command -v "$command" >/dev/null || missing+=("$command"); done
ls /usr/lib/postgresql/1[5-9]/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
command -v cc >/dev/null || { missing+=(cc); packages+=(gcc libc6-dev); }
# Debian's Python, whichever else comes first in PATH: it is the one that python3-lxml is installed for.
if [ "${1:-demo}" = test ] && ! /usr/bin/python3 -c 'import lxml' >/dev/null 2>&1; then missing+=(python3-lxml); fi
if [ "${1:-demo}" = test ]; then
    for driver in gtls ossl; do
        ls /usr/lib/*/rsyslog/lmnsd_$driver.so >/dev/null 2>&1 || missing+=("rsyslog's $driver driver")
    done
fi

if [ ${#missing[@]} -eq 0 ]; then
    echo "Debian packages: all there"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "These are missing and this is no Debian system: ${missing[*]}. Install them by hand and run again." >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Missing: ${missing[*]}. Run as root, or: apt-get install ${packages[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
echo "Debian packages: installing ${packages[*]} (missing: ${missing[*]})"
"${as_root[@]}" apt-get update -qq
# A server of its own is started by the program; Debian's must not be started for it.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
