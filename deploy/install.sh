#!/bin/bash
# Install the site on a bare Debian 12, as root, from a checkout. Running it again changes nothing.
set -euo pipefail
CHECKOUT=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
. "$CHECKOUT/deploy/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/releases.sh
. "$CHECKOUT/deploy/lib/releases.sh"
# shellcheck source-path=SCRIPTDIR source=lib/machine.sh
. "$CHECKOUT/deploy/lib/machine.sh"
# shellcheck source-path=SCRIPTDIR source=lib/configuration.sh
. "$CHECKOUT/deploy/lib/configuration.sh"

usage() {
    cat <<'TEXT'
Usage: deploy/install.sh --domain NAME [options]

  --domain NAME        the name under which clients reach the site
  --self-signed        make a certificate instead of asking Let's Encrypt for one
  --lets-encrypt       ask Let's Encrypt after all
  --email ADDRESS      where Let's Encrypt writes to before a certificate ends
  --database-url URL   use this database; without it, PostgreSQL is installed on this machine
  --no-ollama          leave the model server alone; CHATBOT_OLLAMA_URL in the environment says where it is
  --ollama             install it after all
  --no-prometheus      install no Prometheus
  --prometheus         install it after all
  --dry-run            say what would be done, and do nothing

Options are remembered: run again, it needs none.
TEXT
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --domain) DOMAIN=${2:?"--domain needs a name"} && shift ;;
            --database-url) DATABASE_URL=${2:?"--database-url needs an address"} && shift ;;
            --email) CERTBOT_EMAIL=${2:?"--email needs an address"} && shift ;;
            --self-signed) SELF_SIGNED=yes ;;
            --lets-encrypt) SELF_SIGNED=no ;;
            --no-ollama) OLLAMA=no ;;
            --ollama) OLLAMA=yes ;;
            --no-prometheus) PROMETHEUS=no ;;
            --prometheus) PROMETHEUS=yes ;;
            --dry-run) DRY_RUN=yes ;;
            --help) usage && exit 0 ;;
            *) usage >&2 && exit 2 ;;
        esac
        shift
    done
    [[ $DOMAIN =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] ||
        die "Give the site's name: --domain api.example.com"
    [[ -z $DATABASE_URL || $DATABASE_URL == sqlite:* || $DATABASE_URL == postgres* ]] ||
        die "Give a database of PostgreSQL or SQLite: of others no backup would be made."
    [[ $DATABASE_URL != sqlite:* || $DATABASE_URL == sqlite:////* ]] ||
        die "Give SQLite an absolute path: --database-url sqlite:////var/lib/rental/site.db"
    # It is written between single quotes, for a shell to read.
    [[ $DATABASE_URL != *\'* ]] || die "Write %27 instead of ' in --database-url."
}

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
    [ ! -e "$SETTINGS" ] || return 0
    put "$SETTINGS" 0640 root:rental <<TEXT
# Settings of the site: docs/configuration.md lists them all. Read as a shell would.
# After a change: systemctl reload rental
APP_ENV=production
TRUSTED_PROXIES=1
DATABASE_URL='$DATABASE_URL'
SECRET_KEY=$(secret)
JWT_SECRET_KEY=$(secret)
WEB_CONCURRENCY=$(workers)
GRACEFUL_TIMEOUT=310
LOG_FORMAT=json
LOG_LEVEL=info
CHATBOT_OLLAMA_URL='${CHATBOT_OLLAMA_URL:-http://127.0.0.1:11434}'
CHATBOT_MODEL='${CHATBOT_MODEL:-llama2}'
CHATBOT_NUM_CTX=4096
# As OLLAMA_KEEP_ALIVE and OLLAMA_NUM_PARALLEL.
CHATBOT_KEEP_ALIVE=24h
CHATBOT_MODEL_SLOTS=2
# Who has many accounts has the limits of each many times.
REGISTRATIONS_PER_ADDRESS=100
LOGINS_PER_ADDRESS=60
TEXT
}

install_release() {
    local name
    name=$(release_name "$CHECKOUT")
    if [ -n "$(current_release)" ]; then
        [ "$(current_release)" = "$name" ] ||
            say "Release $(current_release) stays; deploy/upgrade.sh moves to $name."
        complete_environment "$(readlink -f $ROOT/current)"
        return
    fi
    build_release "$CHECKOUT" "$name"
    change "bring the database up to date" migrate "$name"
    change "make $name the current release" switch_to "$name"
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
    [ "$OLLAMA" = yes ] || return 0
    command -v ollama >/dev/null || change "install Ollama" run_ollamas_installer
    make_user ollama /var/lib/ollama # unless the installer has made it
}

# Of the release that serves: another one's may not fit it. On a bare machine none does yet.
configuration() {
    if [ -e $ROOT/current ]; then
        readlink -f $ROOT/current
    else
        echo "$CHECKOUT"
    fi
}

start() {
    enable rental.socket rental.service "${TIMERS[@]}"
    [ "$OLLAMA" = no ] || start_model
}

# The start of Ollama begins pull and warm-up, which this does not wait for.
start_model() {
    local unit
    for unit in rental-model.service rental-warmup.service; do
        systemctl is-enabled --quiet "$unit" 2>/dev/null ||
            change "enable $unit" systemctl enable --quiet "$unit"
    done
    # By its own installer, say, it may have been started without our settings.
    ! awaits_restart ollama.service || change "restart ollama.service" systemctl restart ollama.service
    enable ollama.service
}

install_certificate() {
    if [ "$SELF_SIGNED" = yes ]; then
        names_the_site /etc/rental/tls/fullchain.pem ||
            say "/etc/rental/tls/fullchain.pem is not for $DOMAIN: remove it, and run this again for one that is."
        return
    fi
    local live=/etc/letsencrypt/live/$DOMAIN
    put /etc/letsencrypt/renewal-hooks/deploy/rental 0755 root:root < <(
        printf '#!/bin/sh\nsystemctl reload nginx\nsystemctl start --no-block rental-host-metrics.service\n'
    )
    [ -e "$live/fullchain.pem" ] || change "get a certificate from Let's Encrypt" lets_encrypt
    [ "$(readlink /etc/rental/tls/fullchain.pem)" = "$live/fullchain.pem" ] ||
        change "serve with the certificate of Let's Encrypt" use_certificate "$live"
}

names_the_site() { # CERTIFICATE
    [ ! -e "$1" ] || [[ $(openssl x509 -noout -checkhost "$DOMAIN" -in "$1") == *"does match"* ]]
}

lets_encrypt() {
    local account=(--register-unsafely-without-email)
    [ -z "$CERTBOT_EMAIL" ] || account=(--email "$CERTBOT_EMAIL")
    certbot certonly --non-interactive --agree-tos "${account[@]}" --webroot \
        --webroot-path /var/www/rental-acme --domain "$DOMAIN" ||
        die "There is no certificate yet, and the site serves with a self-signed one. See that $DOMAIN leads to
this machine and that port 80 is reachable; then run this again."
}

use_certificate() { # FOLDER
    ln -sf "$1/fullchain.pem" "$1/privkey.pem" /etc/rental/tls/
    systemctl reload nginx
}

main() {
    recall_options
    parse_arguments "$@"
    need_root
    need_debian
    recall_database
    prepare_machine
    remember_options
    [ "$DATABASE_URL" != "$LOCAL_DATABASE" ] || local_database
    write_settings
    install_release
    install_ollama
    configure "$(configuration)"
    start
    install_certificate
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
