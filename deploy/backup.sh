#!/bin/bash
# Back up the database of the site: deploy/run.sh deploy/backup.sh
# BACKUP_DIR and BACKUP_DAYS say where to, and for how long backups are kept.
set -euo pipefail
folder=${BACKUP_DIR:-/var/backups/rental}
days=${BACKUP_DAYS:-14}
case $DATABASE_URL in
    sqlite*) ending=sqlite ;;
    *) ending=dump ;;
esac
umask 0077
name=rental-$(date --utc +%Y%m%dT%H%M%SZ).$ending
partial=$folder/$name.partial
trap 'rm -f "$partial"' EXIT
python -m deploy.database dump "$partial"
sum=$(sha256sum <"$partial")
echo "${sum%% *}  $name" >"$folder/$name.sha256"
mv "$partial" "$folder/$name" # a backup that is there is whole, and can be checked
# Only now, so that a day without backups never removes the last one.
find "$folder" -name 'rental-*' -mtime "+$days" -delete
echo "$folder/$name"
