# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Counts of tests, from the JUnit XML reports of Maven and of the guests; the closing lines.

LAB_ROWS=()    # "where|passed|failed|skipped|seconds"
LAB_FAILED=()  # "where: test: why"
LAB_SKIPPED=() # "where: test: reason"

# report_add WHERE SECONDS FILE...: counts what is in the files.
report_add() {
    local where=$1 seconds=$2 passed=0 failed=0 skipped=0 outcome test reason
    shift 2
    while IFS=$'\t' read -r outcome test reason; do
        case $outcome in
            passed) passed=$((passed + 1)) ;;
            failed) failed=$((failed + 1)); LAB_FAILED+=("$where: $test${reason:+: ${reason:0:800}}") ;;
            skipped) skipped=$((skipped + 1)); LAB_SKIPPED+=("$where: $test: ${reason:-no reason given}") ;;
        esac
    done < <([ $# -eq 0 ] || report_cases "$@")
    REPORT_FAILED=$failed
    REPORT_RUN=$((passed + failed))
    LAB_ROWS+=("$where|$passed|$failed|$skipped|$seconds")
}

# A failure that no test stands for: report_fail WHERE WHAT. Counts as one in WHERE's row.
report_fail() {
    local where=$1 what=$2 row name passed failed skipped seconds
    LAB_FAILED+=("$where: $what")
    for row in "${!LAB_ROWS[@]}"; do
        IFS='|' read -r name passed failed skipped seconds <<<"${LAB_ROWS[row]}"
        if [ "$name" = "$where" ]; then
            LAB_ROWS[row]="$name|$passed|$((failed + 1))|$skipped|$seconds"
            return
        fi
    done
    LAB_ROWS+=("$where|0|1|0|0")
}

# One line a test case: outcome, class and name, reason of a skip or failure. What a test printed is no markup.
report_cases() {
    awk -v RS='<' '
        function attribute(name) {
            if (!match($0, "[ \n]" name "=\"[^\"]*\"")) return ""
            value = substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
            gsub(/&quot;/, "\"", value); gsub(/&lt;/, "<", value); gsub(/&gt;/, ">", value)
            gsub(/&apos;|&#39;/, "\047", value); gsub(/&#10;|[\n\t]/, " ", value); gsub(/&#[0-9]+;/, " ", value); gsub(/&amp;/, "\\&", value)
            return value
        }
        function finish() {
            sub(/\n.*/, "", reason); gsub(/\t/, " ", reason)
            sub(/^[A-Za-z0-9_.$]*(TestAbortedException|AssumptionViolatedException): /, "", reason)
            sub(/^Assumption failed: /, "", reason)
            if (open) print outcome "\t" test "\t" reason
            open = 0
        }
        # The text of a CDATA section, which may hold our separator; that of a skip or failure is its reason.
        # JUnit numbers the invocations of a parameterized test, and tells their names among what was printed.
        function text(part) {
            data = !(end = index(part, "]]>"))
            if (awaited) reason = reason (data ? part : substr(part, 1, end - 1))
            if (!data) awaited = 0
            if (open && test ~ /\]$/ && match(part, /(^|\n)display-name: [^\n]*/)) {
                name = substr(part, RSTART, RLENGTH)
                sub(/^\n?display-name: /, "", name); sub(/^.*\([^()]*\) > /, "", name); gsub(/\t/, " ", name)
                sub(/(\[[0-9]+\])+$/, "", test)
                test = test " > " name
            }
        }
        FNR == 1 { finish(); data = 0 }
        data { text("<" $0); next }
        /^!\[CDATA\[/ { text(substr($0, 9)); next }
        /^testcase[ \n]/ {
            finish(); open = 1; outcome = "passed"; reason = ""
            class = attribute("classname"); sub(/.*\./, "", class)
            test = class "." attribute("name")
            if ($0 ~ /\/>[ \n]*$/) finish()
        }
        /^(failure|error)[ \n>]/ { if (open) { outcome = "failed"; reason = attribute("message"); awaited = reason == "" } }
        /^skipped[ \n>\/]/ { if (open) { outcome = "skipped"; reason = attribute("message"); awaited = reason == "" } }
        /^\/testcase>/ { finish(); awaited = 0 }
        END { finish() }' "$@"
}

# The table, what failed, what was skipped and why, and last the line that counts. Fails on any failure or no test.
report_close() {
    local row where passed failed skipped seconds total_passed=0 total_failed=0 total_skipped=0
    printf '\n%-14s %8s %8s %8s %8s\n' where passed failed skipped seconds
    for row in "${LAB_ROWS[@]}"; do
        IFS='|' read -r where passed failed skipped seconds <<<"$row"
        printf '%-14s %8d %8d %8d %8d\n' "$where" "$passed" "$failed" "$skipped" "$seconds"
        total_passed=$((total_passed + passed))
        total_failed=$((total_failed + failed))
        total_skipped=$((total_skipped + skipped))
    done
    report_list skipped ${LAB_SKIPPED[@]+"${LAB_SKIPPED[@]}"}
    report_list failed ${LAB_FAILED[@]+"${LAB_FAILED[@]}"}
    if [ $((total_passed + total_failed)) -eq 0 ]; then
        printf '\nfailed:\n  no test was run\n'
        total_failed=1
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
    [ "$total_failed" -eq 0 ]
}

report_list() {
    local title=$1
    shift
    [ $# -gt 0 ] || return 0
    printf '\n%s:\n' "$title"
    printf '  %s\n' "$@"
}
