#!/bin/sh
# Run a command in a release, with the site's settings and as its user:
#   /opt/rental/current/deploy/run.sh flask --app run chatbot doctor
# The release is the one that this file belongs to. Everything that serves or tends the site starts
# by it, so that settings are read in one way.
set -eu
release=$(dirname "$(dirname "$(readlink -f "$0")")")
if [ "$(id -u)" = 0 ]; then
    exec runuser -u rental -- "$0" "$@"
fi
set -a
# shellcheck source=/dev/null
. /etc/rental/rental.env
set +a
export SITE_RELEASE="${release##*/}"
export PATH="$release/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
cd "$release"
exec "$@"
