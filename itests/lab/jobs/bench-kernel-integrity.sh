#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-kernel-integrity.sh FILES
#
# In a guest with one CPU whose clock counts instructions: what each variant of a watched kernel adds to each workload. One
# variant runs at a time, and all that the machine does meanwhile counts: whoever watches, interrupts and timers.
#
#   variants   nothing; Garrison with some plugins; a bpftrace script that does what KRIe's hooks do: each system call's entry
#              recorded with its context
#   workloads  build: FILES small C files compiled by gcc; calls: a million system calls that do next to nothing;
#              lives: processes that are forked, give root up and run a program, one after the other

set -euo pipefail

files=$1
calls=1000000
lives=300
workloads=(build calls lives)
home=$PWD/runtime/target/garrison
measure=$PWD/bench/target/syscall_loop
folder=$(mktemp -d)
root=$folder/root
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Tables and declarations, in one file of eight a function, too: gcc's start is most of it, which is the hardest for a watcher, since
# no build has more system calls, page faults and executions for its instructions.
write_sources() {
    local i j
    mkdir -p "$root/build"
    for ((i = 0; i < files; i++)); do
        {
            printf 'struct entry { const char *name; int number; };\n'
            for ((j = 0; j < 16; j++)); do
                printf 'extern int open_%d(const struct entry *entry);\nconst struct entry entry_%d_%d = { "file %d", %d };\n' "$j" "$i" "$j" "$j" "$i"
            done
            ((i % 8)) || printf 'int sum_%d(const int *of, int n)\n{\n\tint sum = 0;\n\tfor (int i = 0; i < n; i++)\n\t\tsum += of[i];\n\treturn sum;\n}\n' "$i"
        } >"$root/build/$i.c"
    done
    cat >"$root/build/Makefile" <<'END'
OBJECTS := $(patsubst %.c,%.o,$(wildcard *.c))
all: $(OBJECTS)
%.o: %.c
	@gcc -O0 -c -o $@ $<
END
}

# The workloads run in memory alone: each look at a file of the machine's disk waits for a process of the host, and the fewer CPUs
# that has to spare, the more timers this guest's clock leaps through meanwhile, which would all count.
make_root() {
    local program wanted=(/bin/sh /bin/true /usr/include/stdc-predef.h)
    program=$(readlink -f "$(command -v gcc)")
    wanted+=("$(command -v make)" "$program" "$(gcc -print-prog-name=cc1)" "$(readlink -f "$(command -v as)")" "$measure")
    mkdir -p "$root"/{proc,tmp,dev,usr/{bin,lib,lib64}}
    # Links to folders, as Debian has them.
    cp -a /bin /lib /lib64 "$root/"
    for program in "${wanted[@]}"; do
        copy_in "$program"
        # All that the program is linked with, the linker included.
        { ldd "$program" 2>/dev/null || true; } | sed -n 's#^[^/]*\(/[^ ]*\) .*#\1#p' | while read -r library; do copy_in "$library"; done
    done
    ln -sf "$(readlink -f "$(command -v gcc)")" "$root/usr/bin/gcc"
    ln -sf "$(readlink -f "$(command -v as)")" "$root/usr/bin/as"
    mknod -m 666 "$root/dev/null" c 1 3
    mount -t proc proc "$root/proc"
}

# A file, at its own place.
copy_in() {
    mkdir -p "$root$(dirname "$1")"
    cp -L "$1" "$root$1"
}

# Workloads: each prints the nanoseconds it took.
in_root() { chroot "$root" "$measure" "$@"; }
run_build() {
    rm -f "$root"/build/*.o
    in_root run make -s -C /build
}
run_calls() { in_root "$calls"; }
run_lives() { in_root lives "$lives"; }

# Memory has been used before, by all of the work: with a few files only the first variant cost a fifth more than those after it.
warm_up() {
    run_build >/dev/null
    run_lives >/dev/null
}

# Runs all workloads; two nanoseconds are an instruction: measure_variant NAME
measure_variant() {
    local workload took
    printf '%-20s' "$1"
    for workload in "${workloads[@]}"; do
        took=$("run_$workload")
        printf '%s %s %s\n' "$1" "$workload" "$((took / 2))" >>"$folder/figures"
        printf ' %18s %9s %%' "$((took / 2))" "$(percent "$1" "$workload")"
    done
    printf '\n'
}

# What a workload costs more than with nothing: percent VARIANT WORKLOAD
percent() {
    awk -v variant="$1" -v workload="$2" '$2 == workload && $1 == "nothing" { base = $3 } $2 == workload && $1 == variant { mine = $3 }
        END { printf "%.2f", (mine / base - 1) * 100 }' "$folder/figures"
}

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

garrison_is_up() {
    local plugin
    for plugin in "$@"; do grep -q "$plugin is ACTIVE" "$folder/garrison.log" || return; done
}

# measure_garrison NAME PLUGIN...
measure_garrison() {
    local name=$1 garrison rules=''
    shift
    case " $* " in
        *' file-guard '*)
            mkdir -p "$folder/secrets"
            rules="mode = ENFORCE, plugins.file-guard.rules = [ { name = secrets, tree = \"$folder/secrets\", operations = [ read, write, delete, rename ] } ]" ;;
    esac
    cat >"$folder/garrison.conf" <<END
garrison {
  pin = false
  $rules
  runtime { bundles = [ $(IFS=,; echo "$*") ], control-socket = "$folder/control.sock", cache-directory = "$folder/cache" }
}
END
    "$home/bin/garrison" run --config "$folder/garrison.conf" >"$folder/garrison.log" 2>&1 &
    garrison=$!
    await "Garrison with $*" garrison_is_up "$@"
    sleep 5
    measure_variant "$name"
    kill "$garrison"
    wait "$garrison" || true
}

bpftrace_is_up() { grep -q begun "$folder/bpftrace.out"; }

measure_krie_style() {
    local bpftrace
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
    measure_variant krie-style
    kill "$bpftrace"
    wait "$bpftrace" || true
}

write_sources
make_root
warm_up
printf '%-20s' variant
for workload in "${workloads[@]}"; do printf ' %18s %11s' "$workload/instr" "$workload"; done
printf '\n'
measure_variant nothing
measure_garrison syscall-table syscall-table
measure_garrison cfi-monitor cfi-monitor
measure_garrison both syscall-table cfi-monitor
measure_garrison all syscall-table cfi-monitor file-guard
measure_krie_style

printf 'integrity.syscall_table_pct=%s\n' "$(percent syscall-table build)"
printf 'integrity.syscall_loop_pct=%s\n' "$(percent syscall-table calls)"
printf 'integrity.krie_style_pct=%s\n' "$(percent krie-style build)"
printf 'integrity.both_pct=%s\n' "$(percent both build)"
printf 'integrity.fork_exec_setuid_pct=%s\n' "$(percent both lives)"
printf 'integrity.all_pct=%s\n' "$(percent all build)"
