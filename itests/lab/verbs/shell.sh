# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   shell [--kernel V] [--append WORDS]
#:                             a root shell in a guest, with garrison on PATH; leave it to power off

# A day: a shell is ended by its user.
SHELL_LIMIT=86400

verb_shell() {
    local kernel arguments=() terminal=''
    kernel=$(kernel_newest)
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel) kernel=$(option_value "$@"); shift ;;
            --append) arguments+=("$1" "$(option_value "$@")"); shift ;;
            *) usage_error "shell: unknown option '$1'" ;;
        esac
        shift
    done
    check_kernel_name "$kernel"
    setup_guests "$kernel"
    [ -x "$LAB_REPO/runtime/target/garrison/bin/garrison" ] ||
        say "garrison is not built yet (./lab demo builds it); the shell comes without it"
    if [ -t 0 ]; then
        terminal=$(stty -g)
        # shellcheck disable=SC2064 # the setting of now
        at_exit "stty $terminal"
    fi
    guest_run --kernel "$kernel" --folder "$LAB_TARGET/$kernel/shell" --limit "$SHELL_LIMIT" --interactive \
        ${arguments[@]+"${arguments[@]}"} -- itests/lab/jobs/shell.sh
    exit "$GUEST_STATUS"
}
