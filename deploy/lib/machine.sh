# shellcheck shell=bash
# The options of the machine, and what must be there before a release is: packages, users, folders.
# install.sh and upgrade.sh see to the same. To be sourced after releases.sh.

OPTIONS=/etc/rental/options
# Reached by a unix socket and by the name of the system's user: there is no password to keep.
LOCAL_DATABASE='postgresql:///rental?host=/run/postgresql'

DATABASE_URL=
SELF_SIGNED=no
OLLAMA=yes
PROMETHEUS=yes
# shellcheck disable=SC2034  # the scripts use them
DOMAIN='' CERTBOT_EMAIL=''

# With which options install.sh was run last.
recall_options() {
    # shellcheck source=/dev/null
    [ ! -e "$OPTIONS" ] || . "$OPTIONS"
}

remember_options() {
    put "$OPTIONS" 0644 root:root < <(
        echo "# The options of deploy/install.sh: it and deploy/upgrade.sh go by them."
        for name in DOMAIN SELF_SIGNED OLLAMA PROMETHEUS CERTBOT_EMAIL; do
            printf '%s=%q\n' "$name" "${!name}"
        done
    )
}

# Which database is in the settings, and nowhere else.
recall_database() {
    local known=
    # shellcheck source=/dev/null
    [ ! -e "$SETTINGS" ] || known=$(. "$SETTINGS" && echo "$DATABASE_URL")
    [ -z "$known" ] || [ -z "$DATABASE_URL" ] || [ "$DATABASE_URL" = "$known" ] ||
        die "$SETTINGS names another database: change it there."
    DATABASE_URL=${known:-${DATABASE_URL:-$LOCAL_DATABASE}}
}

prepare_machine() {
    install_packages
    make_user rental /var/lib/rental
    make_folders
}

install_packages() {
    local wanted=(ca-certificates curl logrotate nginx openssl procps python3 python3-venv)
    has_time_daemon || wanted+=(systemd-timesyncd)
    [ "$OLLAMA" = no ] || wanted+=(zstd) # with which its installer unpacks
    case $DATABASE_URL in
        "$LOCAL_DATABASE") wanted+=(postgresql) ;;
        postgres*) wanted+=(postgresql-client) ;;
    esac
    [ "$SELF_SIGNED" = yes ] || wanted+=(certbot)
    [ "$PROMETHEUS" = no ] || wanted+=(prometheus prometheus-node-exporter)
    packages "${wanted[@]}"
}

# Debian's servers and clients of time replace each other: whichever is there stays.
has_time_daemon() {
    dpkg-query -W -f '${Status} ${Provides}\n' | grep 'ok installed.*time-daemon' >/dev/null
}

packages() {
    local package missing=()
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] || change "install ${missing[*]}" apt_install "${missing[@]}"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
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
    make_folder /etc/nginx/rental.d 0755 root:root
    make_folder /var/lib/rental 0750 rental:rental
    make_folder /var/log/rental 0750 rental:rental
    make_folder /var/backups/rental 0700 rental:rental
    make_folder /var/www/rental-acme 0755 root:root
}
