#!/bin/bash
# Remove the site from this machine, as root. Database, backups and settings stay.
set -euo pipefail
CHECKOUT=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$CHECKOUT/deploy/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/releases.sh
. "$CHECKOUT/deploy/lib/releases.sh"
# shellcheck source-path=SCRIPTDIR source=lib/configuration.sh
. "$CHECKOUT/deploy/lib/configuration.sh"

remove_units() {
    local unit
    for unit in $(installed_units); do
        remove_unit "$unit"
    done
    rm -f /etc/systemd/system/ollama.service.d/rental.conf
    systemctl daemon-reload
}

remove_nginx() {
    rm -f /etc/nginx/sites-enabled/rental /etc/nginx/sites-available/rental \
        /etc/nginx/rental-proxy.conf /etc/nginx/rental-tls.conf \
        /etc/nginx/modules-enabled/90-rental.conf
    ! grep -qs "$CONNECTIONS" /etc/nginx/nginx.conf ||
        sed -i "s/$CONNECTIONS/worker_connections 768;/" /etc/nginx/nginx.conf
    ! systemctl is-active --quiet nginx || systemctl reload nginx
}

remove_prometheus() {
    [ -e /etc/prometheus/rental-alerts.yml ] || return 0
    rm -f /etc/prometheus/rental-alerts.yml /var/lib/prometheus/node-exporter/rental.prom
    # A rule file that is gone is no error for Prometheus; a target that is gone is an alert.
    if is_unedited /etc/prometheus/prometheus.yml deploy/prometheus/prometheus.yml; then
        systemctl disable --quiet --now prometheus.service
    fi
}

main() {
    need_root
    remove_units
    remove_nginx
    remove_prometheus
    rm -rf "$ROOT" /var/www/rental-acme /var/lib/rental-host-metrics /etc/logrotate.d/rental \
        /etc/letsencrypt/renewal-hooks/deploy/rental
    say "The site is removed."
    say "Kept: the database (DATABASE_URL in $SETTINGS), the backups in /var/backups/rental,"
    say "/var/lib/rental, the settings and certificates in /etc/rental, /etc/nginx/rental.d, the users, and"
    say "all packages."
}

main "$@"
