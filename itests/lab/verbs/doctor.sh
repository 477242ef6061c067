# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   doctor [--boot] [--kernel V]...
#:                             what this machine has and lacks; with --boot also checks a guest per kernel

verb_doctor() {
    local boot='' kernels=() kernel
    while [ $# -gt 0 ]; do
        case $1 in
            --boot) boot=1 ;;
            --kernel) kernels+=("$(option_value "$@")"); check_kernel_name "${kernels[-1]}"; shift ;;
            *) usage_error "doctor: unknown option '$1'" ;;
        esac
        shift
    done
    [ ${#kernels[@]} -gt 0 ] || mapfile -t kernels < <(kernel_names)
    [ -z "$boot" ] || setup_guests "${kernels[@]}"
    doctor_lab
    doctor_kernel
    if [ -n "$boot" ]; then
        for kernel in "${kernels[@]}"; do doctor_boot "$kernel"; done
    fi
    if [ ${#DOCTOR_REMEDIES[@]} -gt 0 ]; then
        printf '\nRemedies\n'
        printf '  %s\n' "${DOCTOR_REMEDIES[@]}"
        exit 1
    fi
    printf '\nAll there.\n'
}
