# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   matrix [--write]          compares file-guard's table of attacks with the results of the last test on each kernel, or writes it

verb_matrix() {
    local missing text
    if [ $# -gt 1 ] || [ "${1:---write}" != --write ]; then usage_error "matrix: unknown option '$1'"; fi
    missing=$(matrix_kernels_missing | paste -sd' ')
    [ -z "$missing" ] || die "no results of kernel $missing" "remedy: ./lab test --suite file-guard"
    if [ $# -eq 1 ]; then
        text=$(matrix_text) || die "the results do not make a table; see above"
        printf '%s\n' "$text" >"$MATRIX_FILE"
        say "wrote $MATRIX_FILE"
    else
        matrix_check || die "$MATRIX_FILE is not what the last tests came to; see above"
    fi
}
