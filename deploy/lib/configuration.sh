# shellcheck shell=bash
# What the machine is told of the site, beside the settings: units, nginx, Prometheus, logrotate.
# It belongs to a release, as its code does. To be sourced after machine.sh.

# shellcheck disable=SC2034  # the scripts use it
TIMERS=(rental-backup.timer rental-purge.timer rental-sweep.timer rental-host-metrics.timer)

# configure FOLDER: put in what is in a release; stop at the first fault
configure() {
    install_units "$1" && install_logrotate "$1" && install_nginx "$1" && install_prometheus "$1"
}

install_units() { # FOLDER
    local unit wanted before=$CHANGES
    wanted=$(units_of "$1")
    for unit in $wanted; do
        put "/etc/systemd/system/$unit" 0644 root:root <"$1/deploy/systemd/$unit" || return
    done
    for unit in $(installed_units); do # of another release, or of other options
        grep -qxF "$unit" <<<"$wanted" || change "remove $unit" remove_unit "$unit"
    done
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl daemon-reload
}

units_of() { # FOLDER: those that belong on this machine
    local unit
    for unit in "$1"/deploy/systemd/rental*.*; do
        case ${unit##*/} in
            rental-model.service | rental-warmup.service) [ "$OLLAMA" = yes ] || continue ;;
        esac
        echo "${unit##*/}"
    done
    [ "$OLLAMA" = yes ] || return 0
    echo ollama.service.d/rental.conf
    if ! systemctl cat ollama.service >/dev/null 2>&1 || is_our_ollama_unit; then
        echo ollama.service
    fi
}

is_our_ollama_unit() { grep -qs '^# Installed only where' /etc/systemd/system/ollama.service; }

# Ours, of whichever release: an administrator may have units called like these, too.
installed_units() {
    local unit
    for unit in "$ROOT"/releases/*/deploy/systemd/rental*.*; do
        [ ! -f "/etc/systemd/system/${unit##*/}" ] || echo "${unit##*/}"
    done | sort -u
}

remove_unit() { # UNIT
    case $1 in
        *@.service) ;;
        *) systemctl disable --quiet --now "$1" 2>/dev/null || true ;;
    esac
    rm -f "/etc/systemd/system/$1"
}

install_logrotate() { # FOLDER
    put /etc/logrotate.d/rental 0644 root:root <"$1/deploy/logrotate/rental"
}

install_nginx() { # FOLDER
    local before=$CHANGES
    # nginx must serve before Let's Encrypt can look; so there is a certificate of our own first.
    [ -e /etc/rental/tls/fullchain.pem ] || change "make a self-signed certificate" self_signed
    put /etc/nginx/rental-tls.conf 0644 root:root <"$1/deploy/nginx/rental-tls.conf" || return
    put /etc/nginx/rental-proxy.conf 0644 root:root <"$1/deploy/nginx/rental-proxy.conf" || return
    put /etc/nginx/sites-available/rental 0644 root:root < <(nginx_site "$1") || return
    [ -L /etc/nginx/sites-enabled/rental ] ||
        change "enable the site in nginx" ln -s ../sites-available/rental /etc/nginx/sites-enabled/rental
    # Debian's welcome page wants to be the default server, too.
    [ ! -L /etc/nginx/sites-enabled/default ] ||
        change "disable nginx's welcome page" rm /etc/nginx/sites-enabled/default
    more_connections
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || nginx -t -q || return
    enable nginx.service
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl reload nginx
}

nginx_site() { # FOLDER
    local without=
    [ -e /proc/net/if_inet6 ] || without='/listen \[::\]/d'
    sed -e "s/@DOMAIN@/$DOMAIN/g" -e "$without" "$1/deploy/nginx/rental.conf"
}

self_signed() {
    rm -f /etc/rental/tls/privkey.pem # it may lead to that of Let's Encrypt
    openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj "/CN=$DOMAIN" \
        -addext "subjectAltName=DNS:$DOMAIN" -out /etc/rental/tls/fullchain.pem \
        -keyout /etc/rental/tls/privkey.pem 2>/dev/null
    chmod 0600 /etc/rental/tls/privkey.pem
}

CONNECTIONS='worker_connections 8192; # 768 without the rental site'

# Debian's 768 are too few: each chat takes two, the client's and the site's, for minutes.
more_connections() {
    local file=/etc/nginx/nginx.conf
    ! grep -qs 'worker_connections 768;' $file ||
        change "let nginx take 8192 connections" sed -i "s/worker_connections 768;/$CONNECTIONS/" $file
    grep -qs worker_rlimit_nofile $file ||
        put /etc/nginx/modules-enabled/90-rental.conf 0644 root:root <<<'worker_rlimit_nofile 16384;'
}

install_prometheus() { # FOLDER
    [ "$PROMETHEUS" = yes ] || return 0
    local before=$CHANGES file=/etc/prometheus/prometheus.yml
    put /etc/prometheus/rental-alerts.yml 0644 root:root <"$1/deploy/prometheus/rental-alerts.yml" || return
    if is_unedited $file deploy/prometheus/prometheus.yml; then
        put $file 0644 root:root <"$1/deploy/prometheus/prometheus.yml" || return
    elif ! grep -q rental $file; then
        say "$file is your own: add what deploy/prometheus/prometheus.yml says."
    fi
    bind_to_loopback prometheus 9090
    bind_to_loopback prometheus-node-exporter 9100
    enable prometheus-node-exporter.service prometheus.service
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl reload prometheus
}

# Debian's answer to anybody on the network. What an administrator has set instead stays.
bind_to_loopback() { # PACKAGE PORT
    ! grep -qsx 'ARGS=""' "/etc/default/$1" ||
        change "let $1 listen on 127.0.0.1 only" restart_with "$1" "--web.listen-address=127.0.0.1:$2"
}

restart_with() { # PACKAGE ARGUMENTS
    sed -i "s/^ARGS=\".*\"/ARGS=\"$2\"/" "/etc/default/$1"
    systemctl try-restart "$1"
}

# Whether a file is as one of the releases has it, or as Debian's package: nobody has edited it.
is_unedited() { # FILE ITS-PATH-IN-A-RELEASE
    local ours
    [ -e "$1" ] || return 0
    for ours in "$ROOT"/releases/*/"$2"; do
        ! cmp -s "$ours" "$1" || return 0
    done
    [[ $(dpkg -V prometheus 2>/dev/null || true) != *"$1"* ]]
}
