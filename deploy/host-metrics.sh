#!/bin/sh
# Tell what only root knows: when the certificate ends, and how old and how large the newest backup
# is. For the doctor, and for Prometheus by way of its node exporter, if there is one.
set -eu
[ $# -gt 0 ] || set -- /var/lib/rental-host-metrics /var/lib/prometheus/node-exporter
backups=${BACKUP_DIR:-/var/backups/rental}
certificate=${CERTIFICATE:-/etc/rental/tls/fullchain.pem}

metric() { # NAME HELP VALUE
    printf '# HELP %s %s\n# TYPE %s gauge\n%s %s\n' "$1" "$2" "$1" "$1" "$3"
}

ends() {
    told=$(openssl x509 -noout -enddate -in "$certificate") && date --date "${told#*=}" +%s
}

metrics() {
    if ends=$(ends); then
        metric rental_certificate_expires_timestamp_seconds "When the certificate ends." "$ends"
    fi
    metric rental_backup_timestamp_seconds "When the newest backup was made; 0 is never." "${newest% *}"
    metric rental_backup_bytes "Size of the newest backup." "${newest#* }"
}

newest=$(find "$backups" \( -name 'rental-*.dump' -o -name 'rental-*.sqlite' \) -printf '%T@ %s\n' | sort -rn | head -n 1)
newest=${newest:-0 0}
for folder; do
    [ -d "$folder" ] || continue
    metrics >"$folder/rental.prom.$$"
    chmod 0644 "$folder/rental.prom.$$"
    mv "$folder/rental.prom.$$" "$folder/rental.prom"
done
