# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   bench ring [ROUNDS]       speed of the ring's consumers, on this machine's own kernel

# What a benchmark prints is kept, so that figures can be quoted and compared later.
BENCH_TARGET=$LAB_REPO/target/bench

verb_bench() {
    local name=${1:-} rounds=${2:-9}
    case $name in
        ring) ;;
        '') usage_error "bench: which one? ring" ;;
        *) usage_error "bench: unknown benchmark '$name'; known: ring" ;;
    esac
    [[ $rounds =~ ^[1-9][0-9]*$ ]] || usage_error "bench: '$rounds' is not a number of rounds"
    setup_build
    build_without_tests
    mkdir -p "$BENCH_TARGET"
    "bench_$name" "$rounds" | tee "$BENCH_TARGET/$name-$(date -u +%Y%m%dT%H%M%SZ).txt"
}

bench_ring() {
    local form
    cd "$LAB_REPO/bench"
    for form in plain dispatched; do
        printf '\n# %s\n' "$form"
        "$LAB_JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -cp "target/classes:$(cat target/bench.classpath)" \
            garrison.framework.ring.RingBench ../bpf/target/objects/bench_ring.bpf.o target/libring_consumer.so "$1" "$form" || return
    done
}
