#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-trust.sh ROUNDS
#
# In a guest: what starting programs and bpf(2) cost with and without trusted-bpf, on an ext4 image with fs-verity.

set -euo pipefail

folder=$(mktemp -d)
truncate -s 64M "$folder/image"
# Not lazily: the kernel would write the rest of it while something is measured.
mkfs.ext4 -q -b 4096 -O verity -E lazy_itable_init=0,lazy_journal_init=0 "$folder/image"
mkdir "$folder/mounted"
modprobe loop
mount -o loop "$folder/image" "$folder/mounted"
trap 'umount -l "$folder/mounted"' EXIT

cd bench
# shellcheck disable=SC2086 # options, one word each
java $LAB_JAVA --enable-native-access=ALL-UNNAMED -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "target/classes:$(cat target/bench.classpath)" garrison.bench.TrustBench target/trust_cost "$folder/mounted" "$1"
