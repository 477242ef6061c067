#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-kernel-integrity.sh FILES
#
#   variants   nothing; Garrison with some plugins; a bpftrace script that does what KRIe's hooks do: each system call's entry
#              recorded with its context
#   workloads  build: FILES small C files compiled by gcc; calls: a million system calls that do next to nothing;
#              lives: processes that are forked, give root up and run a program, one after the other

set -euo pipefail

# shellcheck source=itests/lab/jobs/bench-variants.sh
source "${BASH_SOURCE[0]%/*}/bench-variants.sh"

calls=1000000
lives=300
workloads=(build calls lives)

run_calls() { in_root "$calls"; }
run_lives() { in_root lives "$lives"; }

# Memory has been used before, by all of the work: with a few files only the first variant cost a fifth more than those after it.
warm_up() {
    run_build >/dev/null
    run_lives >/dev/null
}

# measure_garrison NAME PLUGIN...
measure_garrison() {
    local name=$1 rules=''
    shift
    case " $* " in
        *' file-guard '*)
            mkdir -p "$folder/secrets"
            rules="mode = ENFORCE, plugins.file-guard.rules = [ { name = secrets, tree = \"$folder/secrets\", operations = [ read, write, delete, rename ] } ]" ;;
    esac
    start_garrison "$rules" "$@"
    measure_variant "$name"
    stop_garrison
}

measure_krie_style() {
    start_bpftrace 'BEGIN { printf("begun\n"); }
tracepoint:raw_syscalls:sys_enter {
  printf("%llu %d %d %s %d %d %llu %d %llx %llx %llx %llx %llx %llx\n", nsecs, pid, tid, comm, uid, gid, cgroup, args->id,
    args->args[0], args->args[1], args->args[2], args->args[3], args->args[4], args->args[5]);
}'
    measure_variant krie-style
    stop_bpftrace
}

write_sources "$1"
make_root
warm_up
write_heading
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
