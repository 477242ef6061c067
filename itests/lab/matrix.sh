# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# plugins/file-guard/MATRIX.md: what each way of reaching a protected file came to on each kernel, from the lines that the tests
# leave in the guests' folders (garrison.itests.fileguard.Matrix).

MATRIX_FILE=$LAB_REPO/plugins/file-guard/MATRIX.md
MATRIX_WAYS_AT_LEAST=60

matrix_lines() { find "$LAB_TARGET/$1/test/out/matrix" -name '*.tsv' 2>/dev/null | sort; }

# matrix_kernels_missing: the kernels of which there are no results.
matrix_kernels_missing() {
    local kernel
    for kernel in $(kernel_names); do [ -n "$(matrix_lines "$kernel")" ] || printf '%s\n' "$kernel"; done
}

# The whole file, on standard output. Fails if a way failed, or is not tried in both modes on each kernel.
matrix_text() {
    local kernel line
    # The newest first: it has every way, in the order of the attacks.
    for kernel in $(kernel_names | tac); do
        matrix_lines "$kernel" | while read -r line; do sed "s/^/$kernel\t/" "$line"; done
    done | awk -F '\t' -v kernels="$(kernel_names | paste -sd' ')" -v least="$MATRIX_WAYS_AT_LEAST" '
        function mark(note) {
            if (note == "") return ""
            if (!(note in marks)) { marks[note] = ++noted; notes[noted] = note }
            return "<sup>" marks[note] "</sup>"
        }
        function cell(key) {
            if (!(key in result)) { print "lab: error: matrix: no result of " key > "/dev/stderr"; bad = 1; return "?" }
            if (result[key] == "impossible") return "–" mark(note[key])
            if (result[key] == "unseen") return "not seen" mark(note[key])
            return result[key] mark(note[key])
        }
        {
            if (!($2 in operation)) { operation[$2] = $3; order[++ways] = $2 }
            key = $2 " " $1 " " $4
            if ($6 == "FAILED") { print "lab: error: matrix: failed: " key > "/dev/stderr"; bad = 1 }
            if (key in result && result[key] != $6) { print "lab: error: matrix: results differ: " key > "/dev/stderr"; bad = 1 }
            result[key] = $6; note[key] = $7
            if ($4 == "ENFORCE" && $5 != "-" && !index(where[$2], $5)) where[$2] = where[$2] (where[$2] == "" ? "" : ", ") $5
        }
        END {
            print "# Ways tried against file-guard"
            print ""
            print "Written by `./lab matrix --write` from what the tests of file-guard came to in a guest of each kernel; `./lab test`"
            print "fails when it says anything else. Each way is an attack that succeeds, seen on the disk, without file-guard. It is"
            print "tried against a rule for the object and one for a tree that it lies in, where both apply: in ENFORCE on each of the"
            print "file systems named, in AUDIT on the first of them. Names are those of `itests/attacks`."
            print ""
            print "- **told**: it went through, and events say so, with rule, operation, path and process."
            print "- **refused**: EPERM, no effect, one event."
            print "- **not seen**: it goes through and no event says so, for the reason given. The tests hold that, too."
            print "- **–**: the kernel has no such way."
            print ""
            count = split(kernels, kernel, " ")
            head = "| way | operation | on |"; line = "|---|---|---|"
            for (k = 1; k <= count; k++) { head = head " " kernel[k] " AUDIT | ENFORCE |"; line = line "---|---|" }
            print head; print line
            for (w = 1; w <= ways; w++) {
                row = "| `" order[w] "` | " operation[order[w]] " | " where[order[w]] " |"
                for (k = 1; k <= count; k++)
                    row = row " " cell(order[w] " " kernel[k] " AUDIT") " | " cell(order[w] " " kernel[k] " ENFORCE") " |"
                print row
            }
            print ""
            for (n = 1; n <= noted; n++) print n ". " notes[n]
            print ""
            print ways " ways on " count " kernels."
            if (ways < least) { print "lab: error: matrix: " ways " ways, fewer than " least > "/dev/stderr"; bad = 1 }
            exit bad
        }'
}

# Says on standard error what is wrong with the file in the repository.
matrix_check() {
    local text
    text=$(matrix_text) || return 1
    if [ ! -f "$MATRIX_FILE" ]; then
        warn "there is no $MATRIX_FILE yet; ./lab matrix --write makes it from these results"
        return 0
    fi
    if ! diff -u "$MATRIX_FILE" - <<<"$text" >&2; then
        say "remedy: see whether these results are what they should be, then ./lab matrix --write"
        return 1
    fi
}
