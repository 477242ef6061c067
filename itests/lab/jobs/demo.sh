#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# In a guest: the demonstration. Its status is this job's.

set -euo pipefail

# shellcheck disable=SC2086 # options, one word each
exec java $LAB_JAVA \
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -Dgarrison.kernel="$LAB_KERNEL" -Dgarrison.home="$LAB_REPO/runtime/target/garrison" \
    -cp "$(cat itests/target/guest.classpath)" garrison.itests.demo.Demo
