# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   setup [--kernel V]...     only fetch and install what the lab needs; the other verbs do it themselves

verb_setup() {
    local kernels=()
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel) kernels+=("$(option_value "$@")"); check_kernel_name "${kernels[-1]}"; shift ;;
            *) usage_error "setup: unknown option '$1'" ;;
        esac
        shift
    done
    [ ${#kernels[@]} -gt 0 ] || mapfile -t kernels < <(kernel_names)
    setup_guests "${kernels[@]}"
}
