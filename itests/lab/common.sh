# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every part of the lab uses: places, messages, arguments, leaving nothing behind.
# Progress goes to stderr, so that the output of a job stays alone on stdout.

LAB_CACHE=${GARRISON_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/garrison}
LAB_GUEST_MEMORY=${GARRISON_GUEST_MEMORY:-3G}
# The folder of every guest's share, console log and reports.
LAB_TARGET=$LAB_REPO/target/lab

say() { printf 'lab: %s\n' "$*" >&2; }
warn() { printf 'lab: warning: %s\n' "$*" >&2; }
die() {
    printf 'lab: error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf 'lab:        %s\n' "$line" >&2; done
    exit 1
}

if [[ ! $LAB_GUEST_MEMORY =~ ^[1-9][0-9]*[MG]$ ]]; then
    die "GARRISON_GUEST_MEMORY is '$LAB_GUEST_MEMORY', which is no size" "write mebibytes or gibibytes, for example 3G"
fi

usage() {
    printf 'usage: ./lab VERB [OPTION]...\n\n'
    local file
    for file in "$LAB_HOME"/verbs/*.sh; do
        sed -n 's/^#: //p' "$file"
    done
    printf '\nKernels: %s. Cache: %s\n' "$(kernel_names | paste -sd' ')" "$LAB_CACHE"
}

usage_error() {
    printf 'lab: error: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

# The value of an option that needs one: option_value OPTION [VALUE]
option_value() {
    if [ $# -lt 2 ] || [ -z "$2" ]; then usage_error "$1 needs a value"; fi
    printf '%s\n' "$2"
}

need_root() {
    [ "$(id -u)" -eq 0 ] ||
        die "the lab needs root (mount namespaces, virtiofs and package installation)" \
            "remedy: sudo ./lab ${LAB_VERB_LINE:-...}"
}

need_x86_64() {
    [ "$(uname -m)" = x86_64 ] || die "the lab runs x86-64 guests only; this machine is $(uname -m)"
}

have() { command -v "$1" >/dev/null 2>&1; }

now() { date +%s; }

# Actions that must run however the lab ends, newest first.
LAB_AT_EXIT=()
at_exit() { LAB_AT_EXIT=("$1" "${LAB_AT_EXIT[@]}"); }
run_at_exit() {
    local status=$? action
    trap '' INT TERM HUP
    for action in "${LAB_AT_EXIT[@]}"; do $action || true; done
    exit "$status"
}
trap run_at_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Takes a lock that ends with this process: take_lock NAME DESCRIPTION. Waits, and says so.
# The descriptor stays open on purpose; children that outlive us must not inherit it.
take_lock() { take_file_lock "$LAB_CACHE/$1.lock" "$2"; }

take_file_lock() {
    local file=$1 what=$2 fd started
    mkdir -p "${file%/*}"
    exec {fd}>>"$file"
    if ! flock -n "$fd"; then
        started=$(now)
        say "waiting: $what"
        # In the background, or a signal would have to wait too.
        setpriv --pdeathsig KILL flock "$fd" &
        wait $!
        say "waited $(($(now) - started)) s: $what"
    fi
    LAB_LOCK_FD=$fd
}

release_lock() {
    local fd=$1
    exec {fd}>&-
}
