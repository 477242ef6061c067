# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   test [--kernel V]... [--suite NAME] [--long]
#:                             all tests, natively and in one guest per kernel; or one suite, in guests only

# Limits of one guest, in seconds.
TEST_LIMIT=2700
TEST_LIMIT_LONG=14400

verb_test() {
    local kernels=() suite='' long=false package kernel started
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel) kernels+=("$(option_value "$@")"); check_kernel_name "${kernels[-1]}"; shift ;;
            --suite) suite=$(option_value "$@"); shift ;;
            --long) long=true ;;
            *) usage_error "test: unknown option '$1'" ;;
        esac
        shift
    done
    [ ${#kernels[@]} -gt 0 ] || mapfile -t kernels < <(kernel_names)
    package=$LAB_SUITE_ROOT
    [ -z "$suite" ] || package=$(suite_package "$suite") || exit 1
    setup_guests "${kernels[@]}"
    if [ -n "$suite" ]; then
        build_without_tests
    else
        test_natively "$long"
    fi
    prepare_modules "${kernels[@]}"
    started=$(now)
    for kernel in "${kernels[@]}"; do test_kernel "$kernel" "$package" "$long"; done
    say "guests took $(($(now) - started)) s"
    report_close
}

test_natively() {
    local long=$1 started reports lost
    started=$(now)
    build_with_tests "$long"
    mapfile -t reports < <(build_report_folders | while read -r folder; do find "$folder" -name 'TEST-*.xml'; done)
    report_add native $(($(now) - started)) ${reports[@]+"${reports[@]}"}
    while read -r lost; do report_fail native "$lost"; done < <(build_lost_forks)
}

# The ordinary boot, then those extra ones that have tests within the package.
test_kernel() {
    local kernel=$1 package=$2 long=$3 excluded=() extra name words
    mapfile -t excluded < <(boot_packages)
    if ! within_any "$package" "${excluded[@]}"; then
        test_boot "$kernel" "" "" "$long" "$package" "${excluded[@]}"
    fi
    while IFS='|' read -r name words extra; do
        if package_within "$extra" "$package" && package_has_tests "$extra"; then
            test_boot "$kernel" "$name" "$words" "$long" "$extra"
        elif package_within "$package" "$extra" && package_has_tests "$package"; then
            test_boot "$kernel" "$name" "$words" "$long" "$package"
        fi
    done < <(boot_rows)
}

within_any() {
    local package=$1 other
    shift
    for other in "$@"; do ! package_within "$package" "$other" || return 0; done
    return 1
}

# test_boot KERNEL BOOT WORDS LONG PACKAGE [EXCLUDED]...; BOOT is empty for the ordinary one
test_boot() {
    local kernel=$1 row=$1${2:+ $2} boot=${2:-test} words=$3 long=$4 package=$5 limit=$TEST_LIMIT folder reports trouble
    shift 5
    [ "$long" = false ] || limit=$TEST_LIMIT_LONG
    folder=$LAB_TARGET/$kernel/$boot
    say "testing $package on kernel $row ($(kernel_release "$kernel"))"
    guest_run --kernel "$kernel" --folder "$folder" --limit "$limit" --append "$words" --hold -- \
        itests/lab/jobs/test.sh "$long" "$package" "$@" || true
    mapfile -t reports < <(find "$folder/out/reports" -name 'TEST-*.xml' 2>/dev/null)
    report_add "$row" "$GUEST_SECONDS" ${reports[@]+"${reports[@]}"}
    release_lock "$GUEST_LOCK"
    if [ "$GUEST_OUTCOME" != reported ]; then
        report_fail "$row" "the guest did not report ($GUEST_OUTCOME); console: $folder/console.log"
    elif [ "$GUEST_STATUS" != 0 ] && [ "$REPORT_FAILED" -eq 0 ]; then
        report_fail "$row" "the test run ended with status $GUEST_STATUS; output: $folder/out/output"
    elif [ "$REPORT_RUN" -eq 0 ]; then
        report_fail "$row" "no test was run"
    fi
    while read -r trouble; do
        [ -z "$trouble" ] || report_fail "$row" "kernel: $trouble (console: $folder/console.log)"
    done <<<"$GUEST_TROUBLE"
}
