# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For benchmarks in a guest with one CPU whose clock counts instructions: what each variant of a watched machine adds to each
# workload. One variant runs at a time, and all that the machine does meanwhile counts: whoever watches, interrupts and timers.
#
# Whoever includes this sets `workloads` and has a function run_WORKLOAD for each, which prints the nanoseconds that it took.

home=$PWD/runtime/target/garrison
measure=$PWD/bench/target/syscall_loop
folder=$(mktemp -d)
root=$folder/root
workloads=()
declare -A rounds=() # how often a workload is run, once if not said: the least counts, for what else the machine does only ever adds
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Tables and declarations, in one file of eight a function, too: gcc's start is most of it, which is the hardest for a watcher, since
# no build has more system calls, page faults and executions for its instructions.
# write_sources FILES
write_sources() {
    local files=$1 i j
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

in_root() { chroot "$root" "$measure" "$@"; }

run_build() {
    rm -f "$root"/build/*.o
    in_root run make -s -C /build
}

write_heading() {
    local workload
    printf '%-20s' variant
    for workload in "${workloads[@]}"; do printf ' %18s %11s' "$workload/instr" "$workload"; done
    printf '\n'
}

# Runs all workloads, each as often as `rounds` says; two nanoseconds are an instruction: measure_variant NAME
measure_variant() {
    local workload took round
    printf '%-20s' "$1"
    for workload in "${workloads[@]}"; do
        took=$(for ((round = 0; round < ${rounds[$workload]:-1}; round++)); do "run_$workload" || exit; done | sort -n | head -n 1)
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
    for ((tries = 0; tries < 12000; tries++)); do
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

# start_garrison SETTINGS PLUGIN...
start_garrison() {
    local settings=$1
    shift
    cat >"$folder/garrison.conf" <<END
garrison {
  pin = false
  $settings
  runtime { bundles = [ $(IFS=,; echo "$*") ], control-socket = "$folder/control.sock", cache-directory = "$folder/cache" }
}
END
    "$home/bin/garrison" run --config "$folder/garrison.conf" >"$folder/garrison.log" 2>&1 &
    garrison=$!
    await "Garrison with $*" garrison_is_up "$@"
    sleep 5
}

stop_garrison() {
    kill "$garrison"
    wait "$garrison" || true
}

# start_bpftrace PROGRAM, which prints "begun" first. What it prints goes to a file in memory: the terminal of a program that records.
start_bpftrace() {
    printf '%s\n' "$1" >"$folder/script.bt"
    BPFTRACE_PERF_RB_PAGES=1024 BPFTRACE_MAX_PROBES=1024 bpftrace "$folder/script.bt" >"$folder/bpftrace.out" 2>"$folder/bpftrace.log" &
    bpftrace=$!
    await bpftrace bpftrace_is_up
}

bpftrace_is_up() { grep -q begun "$folder/bpftrace.out"; }

stop_bpftrace() {
    kill "$bpftrace"
    wait "$bpftrace" || true
}
