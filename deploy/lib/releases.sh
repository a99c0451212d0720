# shellcheck shell=bash
# Releases: made from a checkout, tried, switched to, removed. To be sourced after common.sh.

ROOT=/opt/rental
SITE=http://127.0.0.1:5000
# What a release is made of.
SOURCES=(app flask_smorest_chatbot migrations deploy docs run.py gunicorn_config.py
    requirements.txt requirements-extras.txt pyproject.toml README.md CHANGES.md LICENSE)
KEPT_RELEASES=3
READY_WITHIN=${READY_WITHIN:-60} # seconds

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

# Also one that is kept from before may lack packages that the settings have come to need.
build_release() { # CHECKOUT NAME
    local folder=$ROOT/releases/$2
    [ -e "$folder/.complete" ] || change "build release $2" make_release "$1" "$folder"
    [ "$DRY_RUN" = yes ] || complete_environment "$folder"
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

complete_environment() { # FOLDER
    has_environment "$1" ||
        change "install the packages that the settings need" link_environment "$1"
}

has_environment() { # FOLDER
    [ -x "$1/.venv/bin/python" ] || return 1
    [ ! -L "$1/.venv" ] || # of an older release
        [ "$(basename "$(readlink "$1/.venv")")" = "$(environment_name "$1")" ]
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
    ln -sfn "releases/$1" $ROOT/current.new && mv -T $ROOT/current.new $ROOT/current
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
