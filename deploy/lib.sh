# shellcheck shell=bash
# What install.sh, upgrade.sh and uninstall.sh have in common. To be sourced.

ROOT=/opt/rental
# shellcheck disable=SC2034  # the scripts use it
SETTINGS=/etc/rental/rental.env
SITE=http://127.0.0.1:5000
UNITS=(rental.socket rental.service rental-backup.service rental-backup.timer
    rental-purge.service rental-purge.timer rental-sweep.service rental-sweep.timer
    rental-host-metrics.service rental-host-metrics.timer rental-failure@.service)
# shellcheck disable=SC2034  # the scripts use it
TIMERS=(rental-backup.timer rental-purge.timer rental-sweep.timer rental-host-metrics.timer)
MODEL_UNITS=(rental-model.service rental-warmup.service)
# What a release is made of.
SOURCES=(app flask_smorest_chatbot migrations deploy docs run.py gunicorn_config.py
    requirements.txt requirements-extras.txt pyproject.toml README.md CHANGES.md LICENSE)
KEPT_RELEASES=3
READY_WITHIN=${READY_WITHIN:-60} # seconds

DRY_RUN=no
CHANGES=0
MODEL_UNITS_CHANGED=no

umask 022 # the site's user reads what root writes

say() { echo "$*"; }

die() {
    echo "$*" >&2
    exit 1
}

# change WHAT COMMAND...: do it and count it, or with --dry-run only say so
change() {
    local what=$1
    shift
    CHANGES=$((CHANGES + 1))
    if [ "$DRY_RUN" = yes ]; then
        say "would: $what"
    else
        say "$what"
        "$@"
    fi
}

# put FILE MODE OWNER: write standard input to FILE, unless it is there like that already
put() {
    local file=$1 mode=$2 owner=$3 new
    new=$(mktemp)
    cat >"$new"
    if ! cmp -s "$new" "$file"; then
        change "write $file" install -D -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$new" "$file"
    fi
    rm -f "$new"
}

need_root() { [ "$(id -u)" = 0 ] || die "Run this as root."; }

need_debian() {
    if ! command -v apt-get >/dev/null || ! command -v systemctl >/dev/null; then
        die "This needs Debian 12 with systemd; elsewhere see compose.yaml."
    fi
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

# The name of a release says what is in it: the same sources have the same name on every machine.
release_name() { # CHECKOUT
    (
        cd "$1" || exit
        find "${SOURCES[@]}" -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z |
            xargs -0 sha256sum | sha256sum | cut -c 1-12
    )
}

current_release() {
    [ ! -e $ROOT/current ] || basename "$(readlink -f $ROOT/current)"
}

build_release() { # CHECKOUT NAME
    local folder=$ROOT/releases/$2
    [ ! -e "$folder/.complete" ] || return 0
    change "build release $2" make_release "$1" "$folder"
}

make_release() { # CHECKOUT FOLDER
    rm -rf "$2"
    install -d -m 0755 "$2"
    tar -C "$1" --exclude=__pycache__ -c "${SOURCES[@]}" | tar -C "$2" -x --no-same-owner
    chmod -R go=rX "$2"
    link_environment "$2"
    # The service cannot write here, so this is the time to compile.
    "$2/.venv/bin/python" -m compileall -q "$2/app" "$2/flask_smorest_chatbot"
    touch "$2/.complete"
}

# Releases that need the same packages share them: most upgrades install none.
link_environment() { # FOLDER
    local environment wanted
    wanted=$(requirements "$1")
    environment=$ROOT/environments/$(environment_name "$1")
    if [ ! -e "$environment/.complete" ]; then
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
        touch "$environment/.complete"
    fi
    [ -L "$1/.venv" ] || rm -rf "$1/.venv" # an older release's own
    ln -sfn "../../environments/${environment##*/}" "$1/.venv"
}

environment_name() { # FOLDER
    { python3 -V && cat "$(requirements "$1")" "$1/requirements.txt"; } | sha256sum | cut -c 1-12
}

# What the settings need: Sentry and OpenTelemetry are not for everybody.
requirements() { # FOLDER
    if grep -qsE '^(SENTRY_DSN|OTEL_EXPORTER_OTLP_ENDPOINT)=.' "$SETTINGS"; then
        echo "$1/requirements-extras.txt"
    else
        echo "$1/requirements.txt"
    fi
}

# The last test before the switch: the release, with the settings of the site and as its user,
# must load and find itself ready.
release_is_ready() { # NAME
    "$ROOT/releases/$1/deploy/run.sh" python - <<'PYTHON'
import sys
from app import create_app

answer = create_app().test_client().get("/ready")
print(answer.get_data(as_text=True).strip())
sys.exit(answer.status_code != 200)
PYTHON
}

migrate() { # NAME
    "$ROOT/releases/$1/deploy/run.sh" flask --app run db upgrade
}

switch_to() { # NAME; in one step, so that there is always a current release
    ln -sfn "releases/$1" $ROOT/current.new
    mv -T $ROOT/current.new $ROOT/current
}

wait_until_ready() { # NAME
    local in_a_row=0 answer ends=$((SECONDS + READY_WITHIN))
    while [ "$SECONDS" -lt "$ends" ]; do
        answer=$(curl --silent --fail --max-time 5 $SITE/ready || true)
        case $answer in
            *"\"release\":\"$1\""*) in_a_row=$((in_a_row + 1)) ;;
            *) in_a_row=0 ;;
        esac
        # For a second after a reload both releases answer.
        [ "$in_a_row" -lt 5 ] || return 0
        sleep 0.4
    done
    say "Not ready: $(curl --silent --max-time 5 $SITE/ready || echo 'no answer')" >&2
    return 1
}

install_units() { # CHECKOUT
    local unit before=$CHANGES model_before
    for unit in "${UNITS[@]}"; do
        put "/etc/systemd/system/$unit" 0644 root:root <"$1/deploy/systemd/$unit"
    done
    if [ -e /etc/systemd/system/rental-model.service ] || [ "${OLLAMA:-no}" = yes ]; then
        model_before=$CHANGES
        for unit in "${MODEL_UNITS[@]}" ollama.service.d/rental.conf; do
            put "/etc/systemd/system/$unit" 0644 root:root <"$1/deploy/systemd/$unit"
        done
        if ! systemctl cat ollama.service >/dev/null 2>&1; then
            put /etc/systemd/system/ollama.service 0644 root:root <"$1/deploy/systemd/ollama.service"
        fi
        # shellcheck disable=SC2034  # install.sh uses it
        [ "$CHANGES" = "$model_before" ] || MODEL_UNITS_CHANGED=yes
    fi
    [ "$CHANGES" = "$before" ] || [ "$DRY_RUN" = yes ] || systemctl daemon-reload
}

enable() { # UNIT...; and start
    local unit
    for unit; do
        if ! systemctl is-enabled --quiet "$unit" 2>/dev/null ||
            ! systemctl is-active --quiet "$unit"; then
            change "start $unit" systemctl enable --quiet --now "$unit"
        fi
    done
}

# Let a release that was no good be the first that prune_releases removes: not at once, as answers
# that it began may still be ending in it.
discard() { # NAME
    touch --date=@0 "$ROOT/releases/$1"
}

prune_releases() {
    local name current used
    current=$(current_release)
    for name in "$ROOT"/releases/*; do # builds that failed
        [ -e "$name/.complete" ] || rm -rf "$name"
    done
    # shellcheck disable=SC2012  # names are hexadecimal
    for name in $(ls -t $ROOT/releases | tail -n +$((KEPT_RELEASES + 1))); do
        [ "$name" = "$current" ] || rm -rf "${ROOT:?}/releases/$name"
    done
    used=$(readlink "$ROOT"/releases/*/.venv || true) # an older release's is a folder, and no link
    for name in "$ROOT"/environments/*; do
        grep -qF "${name##*/}" <<<"$used" || rm -rf "$name"
    done
}
