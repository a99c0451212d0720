#!/bin/sh
# Say that a unit failed: in the journal, and by /etc/rental/notify, a program of your own (mail,
# chat, pager), which is called with the unit's name and reads the unit's last lines.
set -eu
unit=$1
echo "<3>$unit failed on $(hostname)"
if [ -x /etc/rental/notify ]; then
    journalctl --unit "$unit" --lines 20 --no-pager --output cat | /etc/rental/notify "$unit"
fi
