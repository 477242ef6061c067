# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   bench ring|load|hook|runtime|trust|kernel-integrity|file-guard [ROUNDS]
#:                             ring: its consumers' speed, natively; load: 20 programs, in a guest, and the feature scan, natively;
#:                             hook: instructions on a hook; runtime: start and memory, natively and in a guest; trust: exec and
#:                             bpf(2) under trusted-bpf, in a guest; kernel-integrity: what the plugins that
#:                             watch the kernel add to builds and starts, beside bpftrace (ROUNDS: C files, 300); file-guard:
#:                             what it adds to work on files and to builds, beside auditd and bpftrace (ROUNDS: C files, 300)

# What a benchmark prints is kept, so that figures can be quoted and compared later.
BENCH_TARGET=$LAB_REPO/target/bench
BENCH_NAMES='ring, load, hook, runtime, trust, kernel-integrity, file-guard'
# For file-guard: how many files it protects in the variant with many.
BENCH_OBJECTS=${GARRISON_BENCH_OBJECTS:-1000000}

verb_bench() {
    local name=${1:-} rounds=${2:-9}
    case $name in
        ring | load | hook | runtime | trust) ;;
        kernel-integrity | file-guard) rounds=${2:-300} ;;
        '') usage_error "bench: which one? $BENCH_NAMES" ;;
        *) usage_error "bench: unknown benchmark '$name'; known: $BENCH_NAMES" ;;
    esac
    [[ $rounds =~ ^[1-9][0-9]*$ ]] || usage_error "bench: '$rounds' is not a number of rounds"
    if [ "$name" = ring ]; then setup_build; else setup_guests "$(kernel_newest)"; fi
    build_without_tests
    mkdir -p "$BENCH_TARGET"
    "bench_${name//-/_}" "$rounds" | tee "$BENCH_TARGET/$name-$(date -u +%Y%m%dT%H%M%SZ).txt"
}

bench_ring() {
    local form
    cd "$LAB_REPO/bench" || return
    for form in plain dispatched; do
        printf '\n# %s\n' "$form"
        "$LAB_JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -cp "target/classes:$(cat target/bench.classpath)" \
            garrison.framework.ring.RingBench ../bpf/target/objects/bench_ring.bpf.o target/libring_consumer.so "$1" "$form" || return
    done
}

bench_load() {
    bench_in_guest bench-load 900 '' itests/lab/jobs/bench-load.sh "$1" || return
    bench_scan
}

# Each round in a process of its own: what a start pays.
bench_scan() {
    local round
    for ((round = 0; round < 5; round++)); do
        "$LAB_JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
            -cp "$LAB_REPO/bench/target/classes:$(cat "$LAB_REPO/bench/target/bench.classpath")" garrison.bench.ScanBench || return
    done | tee "$BENCH_TARGET/scan.txt"
    sed -n 's/.*cold \([0-9.]*\) ms.*/\1/p' "$BENCH_TARGET/scan.txt" | sort -n | sed -n '3s/^/load.feature_scan_ms=/p'
    sed -n 's/.*again \([0-9.]*\) ms.*/\1/p' "$BENCH_TARGET/scan.txt" | sort -n | sed -n '3s/^/load.feature_scan_again_ms=/p'
}

# One CPU that counts instructions: what it measures is the same in every run, so there are no rounds.
bench_hook() {
    bench_in_guest bench-hook 600 --icount itests/lab/jobs/bench-hook.sh
}

# Instructions are counted, so that one round is enough.
bench_kernel_integrity() {
    bench_in_guest bench-kernel-integrity 7200 --icount itests/lab/jobs/bench-kernel-integrity.sh "$1"
}

# Its peer auditd is never installed: that would start it on this machine.
bench_file_guard() {
    local auditd=$LAB_CACHE/auditd codename free
    if [ ! -d "$auditd" ]; then
        codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
        suite_update "$codename"
        suite_unpack "$codename" "$auditd" auditd libauparse0 libaudit1 libwrap0
    fi
    # Files in memory, what the kernel knows of them, and the policy.
    if [ "$BENCH_OBJECTS" -gt 200000 ] && [ -z "${GARRISON_GUEST_MEMORY:-}" ]; then
        free=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
        ((free >= 9)) || die "$BENCH_OBJECTS protected files take a guest of 8 GiB; this machine has $free free" \
            "protect fewer: GARRISON_BENCH_OBJECTS=100000"
        LAB_GUEST_MEMORY=8G
    fi
    bench_in_guest bench-file-guard 7200 --icount itests/lab/jobs/bench-file-guard.sh "$1" "$BENCH_OBJECTS" "$auditd"
}

# The guest with the Java options of a real start, second compiler included: its memory is what a user's would be.
bench_runtime() {
    printf '# natively, no plugin: %s, %s CPUs\n' "$(uname -r)" "$(nproc)"
    JAVA_HOME=$LAB_JAVA_HOME "$LAB_REPO/itests/lab/jobs/bench-runtime.sh" none "$1" | sed 's/^[a-z_]*=/runtime.native_&/' || return
    printf '# in a guest, file-guard: %s\n' "$(kernel_newest)"
    bench_in_guest bench-runtime 900 '' itests/lab/jobs/bench-runtime.sh file-guard "$((($1 + 2) / 3))" | sed 's/^[a-z_]*=/runtime.&/'
}

bench_trust() {
    bench_in_guest bench-trust 1800 --icount itests/lab/jobs/bench-trust.sh "$1"
}

# bench_in_guest FOLDER LIMIT OPTION COMMAND...
bench_in_guest() {
    local kernel folder=$1 limit=$2 option=$3
    shift 3
    kernel=$(kernel_newest)
    guest_run --alone --kernel "$kernel" --folder "$LAB_TARGET/$kernel/$folder" --limit "$limit" ${option:+"$option"} -- "$@" || return 1
    return "$GUEST_STATUS"
}
