#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-hook.sh
#
# In a guest whose clock counts instructions: what a hook costs with the shared header, by hand, and with further plugins.

set -euo pipefail

bench/target/hook_cost bpf/target/objects/bench_hook.bpf.o bpf/target/objects/bench_hook_bare.bpf.o
