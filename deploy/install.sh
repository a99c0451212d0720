#!/bin/bash
# Install the site on a bare Debian 12, as root, from a checkout. Running it again changes nothing.
set -euo pipefail
CHECKOUT=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$CHECKOUT/deploy/lib.sh"

DOMAIN=
DATABASE_URL=
SELF_SIGNED=no
OLLAMA=yes
PROMETHEUS=yes
CERTBOT_EMAIL=

usage() {
    cat <<'TEXT'
Usage: deploy/install.sh --domain NAME [options]

  --domain NAME        the name under which clients reach the site
  --self-signed        make a certificate instead of asking Let's Encrypt for one
  --email ADDRESS      where Let's Encrypt writes to before a certificate ends
  --database-url URL   use this database; without it, PostgreSQL is installed on this machine
  --no-ollama          leave the model server alone; CHATBOT_OLLAMA_URL says where it is
  --no-prometheus      install no Prometheus
  --dry-run            say what would be done, and do nothing
TEXT
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --domain) DOMAIN=${2:?"--domain needs a name"} && shift ;;
            --database-url) DATABASE_URL=${2:?"--database-url needs an address"} && shift ;;
            --email) CERTBOT_EMAIL=${2:?"--email needs an address"} && shift ;;
            --self-signed) SELF_SIGNED=yes ;;
            --no-ollama) OLLAMA=no ;;
            --no-prometheus) PROMETHEUS=no ;;
            --dry-run) DRY_RUN=yes ;;
            --help) usage && exit 0 ;;
            *) usage >&2 && exit 2 ;;
        esac
        shift
    done
    [[ $DOMAIN =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] ||
        die "Give the site's name: --domain api.example.com"
    [[ $DATABASE_URL != sqlite:* || $DATABASE_URL == sqlite:////* ]] ||
        die "Give SQLite an absolute path: --database-url sqlite:////var/lib/rental/site.db"
    # It is written between single quotes, for a shell to read.
    [[ $DATABASE_URL != *\'* ]] || die "Write %27 instead of ' in --database-url."
}

install_packages() {
    local wanted=(ca-certificates curl logrotate nginx openssl procps python3 python3-venv)
    has_time_daemon || wanted+=(systemd-timesyncd)
    [ $OLLAMA = no ] || wanted+=(zstd) # with which its installer unpacks
    case $DATABASE_URL in
        '') wanted+=(postgresql) ;;
        postgres*) wanted+=(postgresql-client) ;;
    esac
    [ $SELF_SIGNED = yes ] || wanted+=(certbot)
    [ $PROMETHEUS = no ] || wanted+=(prometheus prometheus-node-exporter)
    packages "${wanted[@]}"
}

# Debian's servers and clients of time replace each other: whichever is there stays.
has_time_daemon() {
    dpkg-query -W -f '${Status} ${Provides}\n' | grep 'ok installed.*time-daemon' >/dev/null
}

make_user() { # NAME HOME
    id "$1" >/dev/null 2>&1 ||
        change "add user $1" useradd --system --user-group --home-dir "$2" --shell /usr/sbin/nologin "$1"
}

make_folder() { # PATH MODE OWNER
    [ -d "$1" ] || change "make $1" install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"
}

make_folders() {
    make_folder "$ROOT"/releases 0755 root:root
    make_folder /etc/rental 0755 root:root
    make_folder /etc/rental/tls 0755 root:root
    make_folder /var/lib/rental 0750 rental:rental
    make_folder /var/log/rental 0750 rental:rental
    make_folder /var/backups/rental 0700 rental:rental
    make_folder /var/www/rental-acme 0755 root:root
}

# Reached by a unix socket and by the name of the system's user: there is no password to keep.
local_database() {
    as_postgres() { (cd / && runuser -u postgres -- "$@"); }
    if [ "$DRY_RUN" = yes ] && ! id postgres >/dev/null 2>&1; then
        say "would: create database rental"
        return
    fi
    enable postgresql.service
    # CREATEDB is for restore.sh, which restores beside the live database.
    as_postgres psql -Atc "SELECT 1 FROM pg_roles WHERE rolname = 'rental'" 2>/dev/null | grep -q 1 ||
        change "create database user rental" as_postgres psql -qc 'CREATE ROLE rental LOGIN CREATEDB'
    as_postgres psql -Atc "SELECT 1 FROM pg_database WHERE datname = 'rental'" 2>/dev/null | grep -q 1 ||
        change "create database rental" as_postgres createdb --owner rental --encoding UTF8 --template template0 rental
}

# One a core, but no more than PostgreSQL's 100 connections allow, twice during a reload.
workers() {
    local cores
    cores=$(nproc)
    echo $((cores < 4 ? cores : 4))
}

secret() { openssl rand -hex 32; }

write_settings() {
    if [ -e "$SETTINGS" ]; then
        [ -z "$DATABASE_URL" ] || grep -qxF "DATABASE_URL='$DATABASE_URL'" "$SETTINGS" ||
            die "$SETTINGS names another database: change it there."
        return
    fi
    put "$SETTINGS" 0640 root:rental <<TEXT
# Settings of the site: docs/configuration.md lists them all. Read as a shell would.
# After a change: systemctl reload rental
APP_ENV=production
TRUSTED_PROXIES=1
DATABASE_URL='${DATABASE_URL:-postgresql:///rental?host=/run/postgresql}'
SECRET_KEY=$(secret)
JWT_SECRET_KEY=$(secret)
WEB_CONCURRENCY=$(workers)
GRACEFUL_TIMEOUT=310
LOG_FORMAT=json
LOG_LEVEL=info
CHATBOT_OLLAMA_URL=http://127.0.0.1:11434
CHATBOT_MODEL=llama2
CHATBOT_NUM_CTX=4096
# As OLLAMA_KEEP_ALIVE and OLLAMA_NUM_PARALLEL.
CHATBOT_KEEP_ALIVE=24h
CHATBOT_MODEL_SLOTS=2
# Who has many accounts has the limits of each many times.
REGISTRATIONS_PER_ADDRESS=100
LOGINS_PER_ADDRESS=60
TEXT
}

has_environment() { # FOLDER
    [ -x "$1/.venv/bin/python" ] || return 1
    [ ! -L "$1/.venv" ] || # of an older release
        [ "$(basename "$(readlink "$1/.venv")")" = "$(environment_name "$1")" ]
}

install_release() {
    local name
    name=$(release_name "$CHECKOUT")
    if [ -n "$(current_release)" ]; then
        [ "$(current_release)" = "$name" ] ||
            say "Release $(current_release) stays; deploy/upgrade.sh moves to $name."
        has_environment $ROOT/current ||
            change "install the packages that the settings need" link_environment "$(readlink -f $ROOT/current)"
        return
    fi
    build_release "$CHECKOUT" "$name"
    change "bring the database up to date" migrate "$name"
    change "make $name the current release" switch_to "$name"
}

self_signed() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$DOMAIN" \
        -addext "subjectAltName=DNS:$DOMAIN" -out /etc/rental/tls/fullchain.pem \
        -keyout /etc/rental/tls/privkey.pem 2>/dev/null
    chmod 0600 /etc/rental/tls/privkey.pem
}

nginx_site() {
    local without=
    [ -e /proc/net/if_inet6 ] || without='/listen \[::\]/d'
    sed -e "s/@DOMAIN@/$DOMAIN/g" -e "$without" "$CHECKOUT/deploy/nginx/rental.conf"
}

# Debian's 768 are too few: each chat takes two, the client's and the site's, for minutes.
more_connections() {
    local file=/etc/nginx/nginx.conf
    ! grep -qs 'worker_connections 768;' $file ||
        change "let nginx take 8192 connections" sed -i 's/worker_connections 768;/worker_connections 8192;/' $file
    grep -qs worker_rlimit_nofile $file ||
        put /etc/nginx/modules-enabled/90-rental.conf 0644 root:root <<<'worker_rlimit_nofile 16384;'
}

install_nginx() {
    local before=$CHANGES
    # nginx must serve before Let's Encrypt can look; so there is a certificate of our own first.
    [ -e /etc/rental/tls/fullchain.pem ] || change "make a self-signed certificate" self_signed
    put /etc/nginx/rental-tls.conf 0644 root:root <"$CHECKOUT/deploy/nginx/rental-tls.conf"
    put /etc/nginx/rental-proxy.conf 0644 root:root <"$CHECKOUT/deploy/nginx/rental-proxy.conf"
    put /etc/nginx/sites-available/rental 0644 root:root < <(nginx_site)
    [ -L /etc/nginx/sites-enabled/rental ] ||
        change "enable the site in nginx" ln -s ../sites-available/rental /etc/nginx/sites-enabled/rental
    # Debian's welcome page wants to be the default server, too.
    [ ! -L /etc/nginx/sites-enabled/default ] ||
        change "disable nginx's welcome page" rm /etc/nginx/sites-enabled/default
    more_connections
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || nginx -t -q
    enable nginx.service
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl reload nginx
}

lets_encrypt() {
    local account=(--register-unsafely-without-email)
    [ -z "$CERTBOT_EMAIL" ] || account=(--email "$CERTBOT_EMAIL")
    certbot certonly --non-interactive --agree-tos "${account[@]}" --webroot \
        --webroot-path /var/www/rental-acme --domain "$DOMAIN" --deploy-hook 'systemctl reload nginx'
    ln -sf "/etc/letsencrypt/live/$DOMAIN/fullchain.pem" "/etc/letsencrypt/live/$DOMAIN/privkey.pem" /etc/rental/tls/
    systemctl reload nginx
}

install_certificate() {
    [ $SELF_SIGNED = yes ] || [ -e "/etc/letsencrypt/live/$DOMAIN" ] ||
        change "get a certificate from Let's Encrypt" lets_encrypt
}

install_prometheus() {
    [ $PROMETHEUS = yes ] || return 0
    local before=$CHANGES
    put /etc/prometheus/rental-alerts.yml 0644 root:root <"$CHECKOUT/deploy/prometheus/rental-alerts.yml"
    if [ -e /etc/prometheus/prometheus.yml ] && ! grep -q rental /etc/prometheus/prometheus.yml &&
        dpkg -V prometheus | grep -q /etc/prometheus/prometheus.yml; then
        say "/etc/prometheus/prometheus.yml is your own: add what deploy/prometheus/prometheus.yml says."
    else
        put /etc/prometheus/prometheus.yml 0644 root:root <"$CHECKOUT/deploy/prometheus/prometheus.yml"
    fi
    enable prometheus-node-exporter.service prometheus.service
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl reload prometheus
}

# In two steps, as a shell takes a download that failed for a script with nothing to do.
run_ollamas_installer() {
    local script
    script=$(mktemp)
    curl --fail --silent --show-error --location --output "$script" https://ollama.com/install.sh
    sh "$script"
    rm "$script"
}

install_ollama() {
    [ $OLLAMA = yes ] || return 0
    command -v ollama >/dev/null ||
        change "install Ollama" run_ollamas_installer
    make_user ollama /var/lib/ollama
}

install_logrotate() {
    put /etc/logrotate.d/rental 0644 root:root <"$CHECKOUT/deploy/logrotate/rental"
}

start() {
    enable rental.socket rental.service "${TIMERS[@]}"
    [ $OLLAMA = no ] || start_model
}

# The start of Ollama begins pull and warm-up, which this does not wait for.
start_model() {
    local unit
    for unit in "${MODEL_UNITS[@]}"; do
        systemctl is-enabled --quiet "$unit" 2>/dev/null ||
            change "enable $unit" systemctl enable --quiet "$unit"
    done
    # By its own installer, say, it may have been started without our settings.
    [ "$MODEL_UNITS_CHANGED" = no ] || ! systemctl is-active --quiet ollama.service ||
        change "restart ollama.service" systemctl restart ollama.service
    enable ollama.service
}

main() {
    parse_arguments "$@"
    need_root
    need_debian
    install_packages
    make_user rental /var/lib/rental
    make_folders
    [ -n "$DATABASE_URL" ] || local_database
    write_settings
    install_release
    install_ollama
    install_units "$CHECKOUT"
    install_logrotate
    start
    install_nginx
    install_certificate
    install_prometheus
    if [ "$DRY_RUN" = yes ]; then
        say "$CHANGES changes would be made."
        return
    fi
    wait_until_ready "$(current_release)" || die "The site does not become ready: journalctl -u rental"
    if [ "$CHANGES" -gt 0 ]; then
        systemctl start --no-block rental-host-metrics.service # not a quarter of an hour later
        say "https://$DOMAIN serves release $(current_release)."
    else
        say "Nothing changed."
    fi
}

main "$@"
