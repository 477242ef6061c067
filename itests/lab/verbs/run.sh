# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   run [--kernel V] [--append WORDS] [--limit SECONDS] [--icount] -- COMMAND...
#:                             one command as root in a guest, in the repository's folder; its output, its status

verb_run() {
    local kernel arguments=()
    kernel=$(kernel_newest)
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        case $1 in
            --kernel) kernel=$(option_value "$@"); shift ;;
            --append | --limit) arguments+=("$1" "$(option_value "$@")"); shift ;;
            --icount) arguments+=("$1") ;;
            *) usage_error "run: unknown option '$1' (the command comes after --)" ;;
        esac
        shift
    done
    [ $# -ge 2 ] || usage_error "run: needs -- COMMAND..."
    shift
    check_kernel_name "$kernel"
    setup_guests "$kernel"
    guest_run --kernel "$kernel" --folder "$LAB_TARGET/$kernel/run" ${arguments[@]+"${arguments[@]}"} -- "$@" || {
        [ -z "$GUEST_STATUS" ] || say "the command itself ended with $GUEST_STATUS"
        exit 125
    }
    say "user space after $GUEST_BOOT s; share: $LAB_TARGET/$kernel/run/out"
    exit "$GUEST_STATUS"
}
