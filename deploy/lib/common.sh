# shellcheck shell=bash
# What install.sh, upgrade.sh and uninstall.sh have in common. To be sourced.

# shellcheck disable=SC2034  # the scripts use it
SETTINGS=/etc/rental/rental.env
DRY_RUN=no
CHANGES=0

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
    local file=$1 mode=$2 owner=$3 new failed=0
    new=$(mktemp)
    cat >"$new"
    if ! cmp -s "$new" "$file"; then
        change "write $file" install -D -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$new" "$file" || failed=1
    fi
    rm -f "$new"
    return $failed
}

need_root() { [ "$(id -u)" = 0 ] || die "Run this as root."; }

need_debian() {
    if ! command -v apt-get >/dev/null || ! command -v systemctl >/dev/null; then
        die "This needs Debian 12 with systemd; elsewhere see compose.yaml."
    fi
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

# Whether a unit runs on with what its files said before they were changed.
awaits_restart() { # UNIT
    local file started
    systemctl is-active --quiet "$1" || return 1
    started=$(systemctl show --timestamp=us+utc --property=InactiveExitTimestamp --value "$1")
    for file in $(systemctl show --property=FragmentPath,DropInPaths --value "$1"); do
        [ "$(date -r "$file" +%s%6N)" -lt "$(date -d "$started" +%s%6N)" ] || return 0
    done
    return 1
}
