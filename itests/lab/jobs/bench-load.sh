#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-load.sh ROUNDS
#
# In a guest: an object of 20 programs loaded and attached by Garrison and by libbpf in C, in turn.

set -euo pipefail

cd bench
# shellcheck disable=SC2086 # options, one word each
java $LAB_JAVA --enable-native-access=ALL-UNNAMED -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "target/classes:$(cat target/bench.classpath)" \
    garrison.bench.LoadBench ../bpf/target/objects/bench_load.bpf.o target/load_object "$1"
