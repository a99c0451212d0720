#!/bin/sh
# What systemd's timers are on a VM: run a command again and again, in a container.
#   schedule.sh 03:10 COMMAND...    every day at that time (UTC)
#   schedule.sh 15m COMMAND...      at once, and then so often
# If it fails, that is said, and the next time comes all the same.
set -eu
when=$1
shift

seconds_until() { # TIME
    now=$(date +%s)
    next=$(date --date "$1" +%s)
    [ "$next" -gt "$now" ] || next=$(date --date "tomorrow $1" +%s)
    echo $((next - now))
}

run() { "$@" || echo "failed with status $?: $*" >&2; }

while :; do
    case $when in
        *:*) sleep "$(seconds_until "$when")" && run "$@" ;;
        *) run "$@" && sleep "$when" ;;
    esac
done
