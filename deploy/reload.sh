#!/bin/sh
# `systemctl reload rental`: a new master of the release that `current` points to takes over, while
# the old one ends its answers. systemd gives MAINPID. If the new one cannot load the site, the old
# one serves on, and this fails.
set -eu
kill -USR2 "$MAINPID"
# In 0.2 seconds each, and longer than a new master may take (gunicorn_config.py).
tries=$(((${RELOAD_WITHIN:-30} + 2) * 5))
while [ "$(systemctl show --property=MainPID --value rental.service)" = "$MAINPID" ]; do
    tries=$((tries - 1))
    if [ "$tries" = 0 ]; then
        echo "No new master took over; the old one serves on. See: journalctl -u rental" >&2
        exit 1
    fi
    sleep 0.2
done
