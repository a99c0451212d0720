#!/bin/sh
# Debian programs that some tests use: a browser, MariaDB, and what checks the deployment. Needs
# root; without it, or elsewhere, those tests are skipped and say so. Further packages can be named.
set -eu
missing=""
for package in "$@"; do
    dpkg-query --status "$package" >/dev/null 2>&1 || missing="$missing $package"
done
command -v shellcheck >/dev/null 2>&1 || missing="$missing shellcheck"
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -x /usr/sbin/mariadbd ] || missing="$missing mariadb-server"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # installed, not started
    apt-get update -qq
    for package in $missing; do
        apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            echo "Not installed: $package: the tests that use it are skipped."
    done
else
    echo "Not installed:$missing (needs root and apt-get): the tests that use them are skipped."
fi
