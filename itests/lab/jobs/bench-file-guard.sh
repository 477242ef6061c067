#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-file-guard.sh FILES OBJECTS AUDITD-FOLDER
#
#   variants   nothing; file-guard with a tree and ten protected files, and with a tree and OBJECTS of them; auditd that watches the same
#              tree and files; a bpftrace script that counts, by program, what passes the hooks that file-guard sits on
#   workloads  open: a file that no rule covers opened, read and closed; create: one made, renamed and removed; protected: a file
#              that a rule covers opened, read and closed by a program that may; build: FILES small C files compiled by gcc, the
#              least of three times

set -euo pipefail

# shellcheck source=itests/lab/jobs/bench-variants.sh
source "${BASH_SOURCE[0]%/*}/bench-variants.sh"

objects=$2
auditd=$3
protected=/few/1
workloads=(open create protected build)
rounds[build]=3

run_open() { in_root reads /open/file 100000; }
run_create() { in_root names /open 30000; }
run_protected() { in_root reads "$protected" 100000; }

make_files() {
    mkdir -p "$root"/{open,tree,few,many}
    echo text >"$root/open/file"
    in_root files /few 10 >/dev/null
    in_root files /many "$objects" >/dev/null
    echo text | tee "$root/few/1" >"$root/many/1"
}

# measure_file_guard NAME FOLDER
measure_file_guard() {
    local operations='operations = [ read, write, delete, rename ]' hooks begin
    protected=/$2/1
    begin=$(date +%s%N)
    start_garrison "mode = ENFORCE
  plugins.file-guard.rules = [
    { name = tree, tree = \"$root/tree\", $operations }
    { name = files, glob = \"$root/$2/*\", $operations, allow = [ { executable = \"$root$measure\" } ] }
  ]" file-guard
    printf '# %s: up after %s ms, %s\n' "$1" "$((($(date +%s%N) - begin) / 1000000 - 5000))" "$(grep -c . <"$folder/garrison.log") lines of log"
    hooks=$("$home/bin/garrison" status --json --socket "$folder/control.sock" | grep -o '"hook":"[a-z_0-9]*"' | cut -d '"' -f 4 | sort -u)
    printf '%s\n' "$hooks" >"$folder/hooks"
    if chroot "$root" /bin/sh -c "read line <$protected" 2>/dev/null; then
        echo "$protected is not protected" >&2
        exit 1
    fi
    measure_variant "$1"
    stop_garrison
    protected=/few/1
}

# Unpacked, not installed. Debian moved what lies in /sbin to /usr/sbin.
audit_program() {
    local program=$auditd/usr/sbin/$1
    [ -x "$program" ] || program=$auditd/sbin/$1
    shift
    LD_LIBRARY_PATH=$auditd/usr/lib/x86_64-linux-gnu:$auditd/lib/x86_64-linux-gnu "$program" "$@"
}

measure_auditd() {
    local path
    mkdir -p "$folder/audit"
    printf 'log_file = %s/audit/log\nlog_format = RAW\nflush = NONE\nmax_log_file = 1000\nspace_left = 2\nadmin_space_left = 1\n' "$folder" >"$folder/audit/auditd.conf"
    chmod 640 "$folder/audit/auditd.conf"
    audit_program auditd -n -c "$folder/audit" >"$folder/auditd.log" 2>&1 &
    await auditd auditd_is_up
    audit_program auditctl -b 65536 >/dev/null
    for path in tree few; do audit_program auditctl -a always,exit -F "dir=$root/$path" -F perm=rwa >/dev/null; done
    sleep 5
    measure_variant auditd
    audit_program auditctl -D >/dev/null
    audit_program auditctl -e 0 >/dev/null
    pkill -x auditd
    wait
    grep -c "type=SYSCALL" "$folder/audit/log" | sed 's/^/# auditd recorded system calls: /'
}

auditd_is_up() { [ -s "$folder/audit/log" ] && audit_program auditctl -e 1 >/dev/null 2>&1; }

measure_bpftrace() {
    local hook script='BEGIN { printf("begun\n"); }'
    while read -r hook; do
        grep -q " T security_$hook\$" /proc/kallsyms && script="$script
kfunc:security_$hook { @[comm, probe] = count(); }"
    done <"$folder/hooks"
    printf '# bpftrace: %s of %s hooks\n' "$(grep -c kfunc <<<"$script")" "$(grep -c . <"$folder/hooks")"
    start_bpftrace "$script"
    sleep 5
    measure_variant bpftrace
    stop_bpftrace
}

write_sources "$1"
make_root
make_files
for workload in "${workloads[@]}"; do "run_$workload" >/dev/null; done
write_heading
measure_variant nothing
measure_file_guard file-guard few
measure_file_guard many many
measure_auditd
measure_bpftrace

figure() { awk -v variant="$1" -v workload="$2" '$1 == variant && $2 == workload { print $3 }' "$folder/figures"; }

printf 'fileguard.open_pct=%s\n' "$(percent file-guard open)"
printf 'fileguard.create_pct=%s\n' "$(percent file-guard create)"
printf 'fileguard.build_pct=%s\n' "$(percent file-guard build)"
printf 'fileguard.protected_read_pct=%s\n' "$(percent file-guard protected)"
printf 'fileguard.objects=%s\n' "$objects"
[ "$objects" = 1000000 ] && many=1m || many=many
printf 'fileguard.cost_%s_over_10=%s\n' "$many" "$(awk -v a="$(figure many protected)" -v b="$(figure file-guard protected)" 'BEGIN { printf "%.3f", a / b }')"
printf 'fileguard.auditd_open_pct=%s\n' "$(percent auditd open)"
printf 'fileguard.bpftrace_open_pct=%s\n' "$(percent bpftrace open)"
printf 'fileguard.auditd_build_pct=%s\n' "$(percent auditd build)"
printf 'fileguard.bpftrace_build_pct=%s\n' "$(percent bpftrace build)"
