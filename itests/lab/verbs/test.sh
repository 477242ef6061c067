# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   test [--kernel V]... [--suite NAME | --test CLASS] [--long]
#:                             all tests, natively and in one guest per kernel; or one suite or class, in guests only

# Limits of one guest, in seconds.
TEST_LIMIT=3600
TEST_LIMIT_LONG=14400

TEST_CLASS= # the only one to run, or nothing

verb_test() {
    local kernels=() suite='' long=false package kernel ordinary started
    while [ $# -gt 0 ]; do
        case $1 in
            --kernel) kernels+=("$(option_value "$@")"); check_kernel_name "${kernels[-1]}"; shift ;;
            --suite) suite=$(option_value "$@"); shift ;;
            --test) TEST_CLASS=$(option_value "$@"); shift ;;
            --long) long=true ;;
            *) usage_error "test: unknown option '$1'" ;;
        esac
        shift
    done
    [ ${#kernels[@]} -gt 0 ] || mapfile -t kernels < <(kernel_names)
    package=$LAB_SUITE_ROOT
    [ -z "$suite" ] || [ -z "$TEST_CLASS" ] || usage_error "test: --suite and --test say two things; one of them will do"
    [ -z "$suite" ] || package=$(suite_package "$suite") || exit 1
    [ -z "$TEST_CLASS" ] || package=$(class_package "$TEST_CLASS") || exit 1
    setup_guests "${kernels[@]}"
    if [ -n "$suite$TEST_CLASS" ]; then
        build_without_tests
    else
        test_natively "$long"
    fi
    prepare_modules "${kernels[@]}"
    started=$(now)
    # The longest first, and the short ones fill the places that they leave: ordinary boots before the others, and the newest kernel
    # before older ones, whose verifiers have less to do.
    mapfile -t kernels < <(printf '%s\n' "${kernels[@]}" | tac)
    TEST_BOOTS=()
    for ordinary in yes ''; do
        for kernel in "${kernels[@]}"; do test_plan "$ordinary" "$kernel" "$package"; done
    done
    test_boots "$long"
    say "guests took $(($(now) - started)) s"
    test_matrix "${kernels[@]}"
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

# When all attacks on file-guard were made on all kernels: whether its table still says what they came to.
test_matrix() {
    [ "$(printf '%s\n' "$@" | sort)" = "$(kernel_names | sort)" ] || return 0
    [ -z "$(matrix_kernels_missing)" ] || return 0
    matrix_check || report_fail matrix "plugins/file-guard/MATRIX.md differs from the results, or a result is missing; see above"
}

# "kernel|boot|words|package|excluded packages" of each guest to start; boot is empty for the ordinary one
TEST_BOOTS=()
TEST_AFTER=() # by the same index: the kernel whose ordinary boot must be over, or nothing; for those that need what it leaves behind

# test_plan ORDINARY KERNEL PACKAGE: the ordinary boot, or else those extra ones that have tests within the package.
test_plan() {
    local ordinary=$1 kernel=$2 package=$3 excluded=() name words extra after
    if [ -n "$ordinary" ]; then
        mapfile -t excluded < <(boot_packages)
        within_any "$package" "${excluded[@]}" || TEST_BOOTS+=("$kernel|||$package|${excluded[*]}")
        return
    fi
    while IFS='|' read -r name words extra after; do
        TEST_AFTER[${#TEST_BOOTS[@]}]=${after:+$kernel}
        if package_within "$extra" "$package" && package_has_tests "$extra"; then
            TEST_BOOTS+=("$kernel|$name|$words|$extra|")
        elif package_within "$package" "$extra" && package_has_tests "$package"; then
            TEST_BOOTS+=("$kernel|$name|$words|$package|")
        fi
    done < <(boot_rows)
}

TEST_LANES=()
TEST_RESULTS= # a folder with a file for each boot

# Runs the planned boots, as many at one time as there are places, and adds up what they found in the order of the plan.
test_boots() {
    local long=$1 boot kernel name words package excluded waiting=("${!TEST_BOOTS[@]}")
    TEST_RESULTS=$(mktemp -d)
    at_exit test_end_lanes
    while [ ${#waiting[@]} -gt 0 ]; do
        if [ "$(jobs -rp | wc -l)" -ge "$(guest_places)" ] || ! boot=$(test_next "${waiting[@]}"); then
            wait -n || true
            continue
        fi
        (test_lane "$boot" "$long") &
        TEST_LANES[boot]=$!
        mapfile -t waiting < <(printf '%s\n' "${waiting[@]}" | grep -vxF "$boot")
    done
    wait "${TEST_LANES[@]}" || true
    for boot in "${!TEST_BOOTS[@]}"; do
        IFS='|' read -r kernel name words package excluded <<<"${TEST_BOOTS[boot]}"
        test_add_results "$TEST_RESULTS/$boot" || report_fail "$kernel${name:+ $name}" "the lab itself failed; see above"
    done
}

# The first of some boots that may begin: test_next BOOT...
test_next() {
    local boot
    for boot in "$@"; do
        if test_may_begin "$boot"; then
            printf '%s\n' "$boot"
            return
        fi
    done
    return 1
}

# One that needs what the ordinary boot of its kernel leaves behind takes no place before that is over.
test_may_begin() {
    local after=${TEST_AFTER[$1]:-} other lane
    [ -n "$after" ] || return 0
    for other in "${!TEST_BOOTS[@]}"; do
        lane=${TEST_LANES[other]:-}
        if [[ ${TEST_BOOTS[other]} == "$after||"* ]] && { [ -z "$lane" ] || kill -0 "$lane" 2>/dev/null; }; then return 1; fi
    done
}

# One boot, in a subshell: its figures go to a file. test_lane BOOT LONG
# shellcheck disable=SC2030,SC2031
test_lane() {
    local boot=$1 long=$2 kernel name words package excluded
    trap run_at_exit EXIT
    trap 'exit 143' TERM
    LAB_AT_EXIT=(guest_stop) LAB_ROWS=() LAB_FAILED=() LAB_SKIPPED=()
    IFS='|' read -r kernel name words package excluded <<<"${TEST_BOOTS[boot]}"
    [ ${#TEST_BOOTS[@]} -eq 1 ] || GUEST_PREFIX="$kernel${name:+ $name}: "
    # shellcheck disable=SC2086 # one word a package
    test_boot "$kernel" "$name" "$words" "$long" "$package" $excluded
    declare -p LAB_ROWS LAB_FAILED LAB_SKIPPED >"$TEST_RESULTS/$boot"
}

test_end_lanes() {
    [ ${#TEST_LANES[@]} -eq 0 ] || kill -TERM "${TEST_LANES[@]}" 2>/dev/null || true
    rm -rf "$TEST_RESULTS"
}

# shellcheck disable=SC2031
test_add_results() {
    local rows=("${LAB_ROWS[@]}") failed=(${LAB_FAILED[@]+"${LAB_FAILED[@]}"}) skipped=(${LAB_SKIPPED[@]+"${LAB_SKIPPED[@]}"})
    [ -s "$1" ] || return 1
    # shellcheck source=/dev/null
    source <(sed 's/^declare -a /declare -ga /' "$1")
    LAB_ROWS=(${rows[@]+"${rows[@]}"} "${LAB_ROWS[@]}")
    LAB_FAILED=(${failed[@]+"${failed[@]}"} ${LAB_FAILED[@]+"${LAB_FAILED[@]}"})
    LAB_SKIPPED=(${skipped[@]+"${skipped[@]}"} ${LAB_SKIPPED[@]+"${LAB_SKIPPED[@]}"})
}

within_any() {
    local package=$1 other
    shift
    for other in "$@"; do ! package_within "$package" "$other" || return 0; done
    return 1
}

# test_boot KERNEL BOOT WORDS LONG PACKAGE [EXCLUDED]...; BOOT is empty for the ordinary one
test_boot() {
    local kernel=$1 row=$1${2:+ $2} boot=${2:-test} words=$3 long=$4 package=$5 limit=$TEST_LIMIT folder reports trouble excerpt
    shift 5
    [ "$long" = false ] || limit=$TEST_LIMIT_LONG
    folder=$LAB_TARGET/$kernel/$boot
    say "testing $package on kernel $row ($(kernel_release "$kernel"))"
    guest_run --kernel "$kernel" --folder "$folder" --limit "$limit" --append "$words" --env LAB_TEST_CLASS="$TEST_CLASS" --hold -- \
        itests/lab/jobs/test.sh "$long" "$package" "$@" || true
    mapfile -t reports < <(find "$folder/out/reports" -name 'TEST-*.xml' 2>/dev/null)
    report_add "$row" "$GUEST_SECONDS" ${reports[@]+"${reports[@]}"}
    release_lock "$GUEST_LOCK"
    if [ "$GUEST_OUTCOME" != reported ]; then
        report_fail "$row" "the guest did not report ($GUEST_OUTCOME); console: $folder/console.log; its last words:
$(guest_last_words "$folder")"
    elif [ "$GUEST_STATUS" != 0 ] && [ "$REPORT_FAILED" -eq 0 ]; then
        report_fail "$row" "the test run ended with status $GUEST_STATUS; output: $folder/out/output"
    elif [ "$REPORT_RUN" -eq 0 ]; then
        report_fail "$row" "no test was run"
    fi
    excerpt=$'\n'$(guest_excerpt "$folder")
    while read -r trouble; do
        [ -z "$trouble" ] || report_fail "$row" "kernel: $trouble (console: $folder/console.log)$excerpt"
        excerpt=
    done <<<"$GUEST_TROUBLE"
}
