#!/bin/bash
# Prove a backup by restoring it beside the live database, and with --promote put it in its place.
#   deploy/restore.sh [--promote] [BACKUP]      (the newest one unless named)
set -euo pipefail
run=$(dirname "$(readlink -f "$0")")/run.sh
folder=${BACKUP_DIR:-/var/backups/rental}
promote=no
backup=
for argument; do
    case $argument in
        --promote) promote=yes ;;
        *) backup=$argument ;;
    esac
done
[ "$(id -u)" = 0 ] || { echo "Run this as root." >&2; exit 1; }
[ -n "$backup" ] ||
    backup=$(find "$folder" -name 'rental-*.dump' -o -name 'rental-*.sqlite' | sort | tail -n 1)
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
# If anything fails from here on, the site serves again, with the database that is then in place.
trap 'systemctl start rental.socket rental.service; echo "It failed. The restored copy is $copy, if it is not live." >&2' EXIT
systemctl stop rental.socket rental.service
"$run" python -m deploy.database promote "$copy" "$old"
"$run" flask --app run db upgrade # the backup may be older than the release
trap - EXIT
systemctl start rental.socket rental.service
echo "The backup is live. What was live before is kept as $old."
