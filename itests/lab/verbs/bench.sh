# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   bench ring|load [ROUNDS]  ring: its consumers' speed, on this machine's own kernel; load: 20 programs, in a guest

# What a benchmark prints is kept, so that figures can be quoted and compared later.
BENCH_TARGET=$LAB_REPO/target/bench

verb_bench() {
    local name=${1:-} rounds=${2:-9}
    case $name in
        ring | load) ;;
        '') usage_error "bench: which one? ring, load" ;;
        *) usage_error "bench: unknown benchmark '$name'; known: ring, load" ;;
    esac
    [[ $rounds =~ ^[1-9][0-9]*$ ]] || usage_error "bench: '$rounds' is not a number of rounds"
    if [ "$name" = load ]; then setup_guests "$(kernel_newest)"; else setup_build; fi
    build_without_tests
    mkdir -p "$BENCH_TARGET"
    "bench_$name" "$rounds" | tee "$BENCH_TARGET/$name-$(date -u +%Y%m%dT%H%M%SZ).txt"
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
    local kernel
    kernel=$(kernel_newest)
    guest_run --kernel "$kernel" --folder "$LAB_TARGET/$kernel/bench-load" --limit 900 -- itests/lab/jobs/bench-load.sh "$1" || return 1
    return "$GUEST_STATUS"
}
