#!/bin/bash
# Remove the site from this machine, as root. Database, backups and settings stay.
set -euo pipefail
CHECKOUT=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$CHECKOUT/deploy/lib.sh"

remove_units() {
    local unit
    for unit in "${UNITS[@]}" "${MODEL_UNITS[@]}"; do
        case $unit in
            *@.service) ;;
            *) systemctl disable --quiet --now "$unit" 2>/dev/null || true ;;
        esac
        rm -f "/etc/systemd/system/$unit"
    done
    rm -f /etc/systemd/system/ollama.service.d/rental.conf
    systemctl daemon-reload
}

remove_nginx() {
    rm -f /etc/nginx/sites-enabled/rental /etc/nginx/sites-available/rental \
        /etc/nginx/rental-proxy.conf /etc/nginx/rental-tls.conf \
        /etc/nginx/modules-enabled/90-rental.conf
    ! systemctl is-active --quiet nginx || systemctl reload nginx
}

remove_prometheus() {
    [ -e /etc/prometheus/rental-alerts.yml ] || return 0
    rm -f /etc/prometheus/rental-alerts.yml /var/lib/prometheus/node-exporter/rental.prom
    # A rule file that is gone is no error for Prometheus; a target that is gone is an alert.
    if cmp -s "$CHECKOUT/deploy/prometheus/prometheus.yml" /etc/prometheus/prometheus.yml; then
        systemctl disable --quiet --now prometheus.service
    fi
}

main() {
    need_root
    remove_units
    remove_nginx
    remove_prometheus
    rm -rf "$ROOT" /var/www/rental-acme /etc/logrotate.d/rental
    say "The site is removed."
    say "Kept: the database (DATABASE_URL in $SETTINGS), the backups in /var/backups/rental,"
    say "/var/lib/rental, the settings and certificates in /etc/rental, the users, and all packages."
}

main "$@"
