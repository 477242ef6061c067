#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-kernel-integrity.sh FILES
#
# In a guest whose clock counts instructions: a build of C files, and a loop of system calls, with nothing; with syscall-table;
# and with a bpftrace script that does what KRIe's hooks do: each system call's entry recorded with its context.

set -euo pipefail

files=$1
calls=1000000
home=$PWD/runtime/target/garrison
measure=$PWD/bench/target/syscall_loop
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for ((i = 0; i < files; i++)); do
    {
        printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'
        for ((j = 0; j < 8; j++)); do
            printf 'int f%d_%d(const char *s, int n)\n{\n\tchar b[64];\n\tfor (int i = 0; i < n; i++)\n\t\tsnprintf(b, sizeof(b), "%%s %%d", s, i * %d);\n\treturn (int)strlen(b) + atoi(s);\n}\n' "$i" "$j" "$j"
        done
    } >"$folder/$i.c"
done
cat >"$folder/Makefile" <<END
OBJECTS := \$(patsubst %.c,%.o,\$(wildcard *.c))
all: \$(OBJECTS)
%.o: %.c
	@gcc -O1 -c -o \$@ \$<
END

# What a process has used so far, all its threads, in nanoseconds; 0 without one.
used() { { cat /proc/"$1"/task/*/schedstat 2>/dev/null || true; } | awk '{ sum += $1 } END { printf "%d", sum }'; }

# Prints instructions, two nanoseconds each, those of the watching process meanwhile included: measured PID ARGUMENT...
measured() {
    local watcher=$1 before took
    shift
    before=$(used "$watcher")
    took=$("$measure" "$@")
    echo $(((took + $(used "$watcher") - before) / 2))
}
build() {
    rm -f "$folder"/*.o
    measured "$1" run make -s -C "$folder"
}

# case_of NAME PID
case_of() {
    local name=$1 built looped
    built=$(build "$2")
    looped=$(measured "$2" "$calls")
    printf '%s %s %s\n' "$name" "$built" "$looped" >>"$folder/figures"
    printf '%-24s %18s %14s %14s %14s\n' "$name" "$built" "$(percent 2 "$built")" "$((looped / 1000)) k" "$(percent 3 "$looped")"
}

# What a figure is above the first case's, in per cent: percent COLUMN FIGURE
percent() { awk -v column="$1" -v figure="$2" 'NR == 1 { printf "%.2f", (figure / $column - 1) * 100 }' "$folder/figures"; }

await() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 3000; tries++)); do
        "$@" && return
        sleep 0.1
    done
    echo "$what does not come up" >&2
    cat "$folder"/*.log >&2
    return 1
}

garrison_is_up() { grep -q 'syscall-table is ACTIVE' "$folder/garrison.log"; }
bpftrace_is_up() { grep -q begun "$folder/bpftrace.out"; }

# What both read from disk comes from memory from now on.
build none >/dev/null
printf '%-24s %18s %14s %14s %14s\n' case "build/instr" "build/%" "$calls calls" "calls/%"
case_of nothing none

cat >"$folder/garrison.conf" <<END
garrison {
  pin = false
  runtime { bundles = [ syscall-table ], control-socket = "$folder/control.sock", cache-directory = "$folder/cache" }
}
END
"$home/bin/garrison" run --config "$folder/garrison.conf" >"$folder/garrison.log" 2>&1 &
garrison=$!
await Garrison garrison_is_up
sleep 5
case_of syscall-table "$garrison"
kill "$garrison"
wait "$garrison" || true

if command -v bpftrace >/dev/null; then
    cat >"$folder/krie.bt" <<'END'
BEGIN { printf("begun\n"); }
tracepoint:raw_syscalls:sys_enter {
  printf("%llu %d %d %s %d %d %llu %d %llx %llx %llx %llx %llx %llx\n", nsecs, pid, tid, comm, uid, gid, cgroup, args->id,
    args->args[0], args->args[1], args->args[2], args->args[3], args->args[4], args->args[5]);
}
END
    # The terminal of a program that records: a file in memory.
    BPFTRACE_PERF_RB_PAGES=1024 bpftrace "$folder/krie.bt" >"$folder/bpftrace.out" 2>"$folder/bpftrace.log" &
    bpftrace=$!
    await bpftrace bpftrace_is_up
    case_of krie-style "$bpftrace"
    kill "$bpftrace"
    wait "$bpftrace" || true
    printf 'integrity.krie_style_pct=%s\n' "$(awk 'NR == 1 { b = $2 } $1 == "krie-style" { printf "%.2f", ($2 / b - 1) * 100 }' "$folder/figures")" >"$folder/krie"
fi
printf 'integrity.syscall_table_pct=%s\n' "$(awk 'NR == 1 { b = $2 } $1 == "syscall-table" { printf "%.2f", ($2 / b - 1) * 100 }' "$folder/figures")"
printf 'integrity.syscall_loop_pct=%s\n' "$(awk 'NR == 1 { b = $3 } $1 == "syscall-table" { printf "%.2f", ($3 / b - 1) * 100 }' "$folder/figures")"
[ ! -s "$folder/krie" ] || cat "$folder/krie"
