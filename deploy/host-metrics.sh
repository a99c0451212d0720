#!/bin/sh
# Tell Prometheus, by way of its node exporter, what only the machine knows: when the certificate
# ends, and how old and how large the newest backup is.
set -eu
folder=${1:-/var/lib/prometheus/node-exporter}
backups=${BACKUP_DIR:-/var/backups/rental}
certificate=${CERTIFICATE:-/etc/rental/tls/fullchain.pem}
[ -d "$folder" ] || exit 0 # no node exporter here

metric() { # NAME HELP VALUE
    printf '# HELP %s %s\n# TYPE %s gauge\n%s %s\n' "$1" "$2" "$1" "$1" "$3"
}

ends() {
    told=$(openssl x509 -noout -enddate -in "$certificate") && date --date "${told#*=}" +%s
}

newest=$(find "$backups" \( -name 'rental-*.dump' -o -name 'rental-*.sqlite' \) -printf '%T@ %s\n' | sort -rn | head -n 1)
{
    if ends=$(ends); then
        metric rental_certificate_expires_timestamp_seconds "When the certificate ends." "$ends"
    fi
    metric rental_backup_timestamp_seconds "When the newest backup was made; 0 is never." \
        "$(echo "${newest:-0 0}" | cut -d' ' -f1)"
    metric rental_backup_bytes "Size of the newest backup." "$(echo "${newest:-0 0}" | cut -d' ' -f2)"
} >"$folder/rental.prom.$$"
chmod 0644 "$folder/rental.prom.$$"
mv "$folder/rental.prom.$$" "$folder/rental.prom"
