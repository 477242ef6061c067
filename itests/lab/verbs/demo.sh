# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   demo [--kernel V | --all] what Garrison does, shown on a real kernel (the newest)

DEMO_LIMIT=900

verb_demo() {
    local kernels=() kernel status=0
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel) kernels+=("$(option_value "$@")"); check_kernel_name "${kernels[-1]}"; shift ;;
            --all) mapfile -t kernels < <(kernel_names) ;;
            *) usage_error "demo: unknown option '$1'" ;;
        esac
        shift
    done
    [ ${#kernels[@]} -gt 0 ] || kernels=("$(kernel_newest)")
    setup_guests "${kernels[@]}"
    build_without_tests
    for kernel in "${kernels[@]}"; do
        say "the demonstration, on kernel $kernel ($(kernel_release "$kernel"))"
        if guest_run --kernel "$kernel" --folder "$LAB_TARGET/$kernel/demo" --limit "$DEMO_LIMIT" -- itests/lab/jobs/demo.sh; then
            [ "$GUEST_STATUS" = 0 ] || status=$GUEST_STATUS
        else
            status=1
        fi
    done
    exit "$status"
}
