#!/bin/bash
# Move to the release in this checkout, as root. No request is lost and no answer cut short. If the
# new release is not ready, the old one is put back; migrations only add, so they stay.
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

activate() { # NAME
    switch_to "$1" && configure "$ROOT/releases/$1" && systemctl reload-or-restart rental.service
}

refuse() { # NEW WHY
    discard "$1"
    die "$2"
}

roll_back() { # OLD NEW
    say "Rolling back to $1." >&2
    discard "$2"
    activate "$1" || true
    wait_until_ready "$1" || die "Release $1 is not ready either: journalctl -u rental"
    die "Release $2 was not ready, and $1 serves again. See: journalctl -u rental"
}

# A reload keeps limits and confinement; a restart lets requests wait until running answers have
# ended. So this does not choose the moment.
tell_of_restarts() {
    local unit
    for unit in rental.socket rental.service ollama.service; do
        ! awaits_restart $unit || say "$unit has changed. At a quiet hour: systemctl restart $unit"
    done
}

main() {
    local old new
    need_root
    old=$(current_release)
    recall_options
    [ -n "$old" ] || die "Nothing is installed: run deploy/install.sh."
    [ -n "$DOMAIN" ] || die "The options of the installation are not known here: run deploy/install.sh with them, once."
    new=$(release_name "$CHECKOUT")
    if [ "$new" = "$old" ]; then
        say "Release $new serves already."
        return
    fi
    recall_database
    prepare_machine
    complete_environment "$ROOT/releases/$old" # it must be able to come back
    build_release "$CHECKOUT" "$new"
    say "back up"
    "$ROOT/current/deploy/run.sh" deploy/backup.sh
    say "bring the database up to date"
    migrate "$new" || refuse "$new" "The migrations failed; release $old serves on."
    say "try release $new"
    release_is_ready "$new" || refuse "$new" "Release $new would not be ready; release $old serves on."
    say "switch to release $new"
    activate "$new" || roll_back "$old" "$new"
    wait_until_ready "$new" || roll_back "$old" "$new"
    enable "${TIMERS[@]}" # the old release may not have had all of them
    touch "$ROOT/releases/$old" # what is kept is the newest, and that it served is what counts
    touch "$ROOT/releases/$new"
    prune_releases
    say "Release $new serves; $old is kept beside it."
    tell_of_restarts
}

main "$@"
