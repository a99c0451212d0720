#!/bin/bash
# Prove a backup by restoring it beside the live database, and with --promote put it in its place.
#   deploy/restore.sh [--promote] [BACKUP]      (the newest one unless named)
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
run=./run.sh
folder=${BACKUP_DIR:-/var/backups/rental}
promote=no
if [ "${1:-}" = --promote ]; then
    promote=yes
    shift
fi
[ "$(id -u)" = 0 ] || { echo "Run this as root." >&2; exit 1; }
backup=${1:-$(find "$folder" -name 'rental-*' ! -name '*.sha256' ! -name '*.partial' | sort | tail -n 1)}
[ -f "$backup" ] || { echo "There is no backup ${backup:-in $folder}." >&2; exit 1; }

echo "Checking $backup"
(cd "$(dirname "$backup")" && sha256sum --check --quiet "$(basename "$backup").sha256")
stamp=$(date --utc +%Y%m%d%H%M%S)
copy=rental_restored_$stamp
"$run" python -m deploy.database restore "$(readlink -f "$backup")" "$copy"

if [ $promote = no ]; then
    "$run" python -m deploy.database drop "$copy"
    echo "The backup is good. Nothing was changed; --promote would put it in place."
    exit 0
fi
old=rental_before_$stamp
systemctl stop rental.socket rental.service
"$run" python -m deploy.database promote "$copy" "$old"
"$run" flask --app run db upgrade # the backup may be older than the release
systemctl start rental.socket rental.service
echo "The backup is live. What was live before is kept as $old."
