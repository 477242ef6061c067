#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# smoke.sh WITNESS
#
# In a guest: checks the lab itself. WITNESS is a file of the machine that its root could write; the host
# looks afterwards whether it is unchanged. Prints one line per check and ends with the number that failed.

# shellcheck disable=SC2317 # the functions are called by name

failed=0

# check WORDS COMMAND...: the command must succeed.
check() {
    local words=$1
    shift
    if "$@" >/run/smoke.log 2>&1; then
        printf '  ok    %s\n' "$words"
    else
        printf '  FAIL  %s\n' "$words"
        sed 's/^/        /' /run/smoke.log
        failed=$((failed + 1))
    fi
}

# The raw share, not the scratch layer over it.
share_refuses_writes() {
    local raw=/run/raw
    mkdir -p "$raw"
    mount -t virtiofs rootfs "$raw" || return 1
    mount -o remount,rw "$raw"
    grep -E " $raw virtiofs rw" /proc/mounts || echo "not even mounted for writing"
    head -c 1 "$raw$1" >/dev/null || return 1
    if echo written >>"$raw$1" || rm -f "$raw$1" || touch "$raw$1.new" || chmod 777 "$raw$1" ||
        setfattr -n user.garrison -v x "$raw$1" || mv "$raw$1" "$raw$1.moved"; then
        echo "a write went through"
        return 1
    fi
}

scratch_takes_writes() {
    echo written >>"$1" && grep -q written "$1" && rm "$1" && touch /usr/garrison-scratch /etc/garrison-scratch "$HOME/x" /tmp/x
}

ext4_on_loop() {
    local image=/run/smoke.img place=/run/smoke.mnt
    # Before 6.3 verity needs blocks of a page's size.
    truncate -s 16M "$image" && mkfs.ext4 -q -b 4096 -O verity "$image" && mkdir -p "$place" &&
        modprobe loop && modprobe ext4 && mount -o loop "$image" "$place" && setfattr -n user.x -v y "$place" &&
        umount "$place"
}

cgroups() {
    mkdir /sys/fs/cgroup/smoke && echo $$ >/sys/fs/cgroup/smoke/cgroup.procs && grep -q smoke /proc/self/cgroup &&
        echo $$ >/sys/fs/cgroup/cgroup.procs && rmdir /sys/fs/cgroup/smoke
}

printf '  %s\n' "$(uname -sr)"
printf '  lsm=%s\n' "$(cat /sys/kernel/security/lsm)"
printf '  %s\n' "$(java -version 2>&1 | head -n 1)"
check "the job is root, with $(nproc) CPUs" test "$(id -u)" = 0
check "the machine's root refuses every write, even when remounted rw" share_refuses_writes "$1"
check "the scratch layer takes writes anywhere" scratch_takes_writes "$1"
check "proc, sysfs, devpts, securityfs, bpffs, debugfs, tracefs" \
    test -e /proc/self -a -d /sys/kernel/btf -a -c /dev/pts/ptmx -a -e /sys/kernel/security/lsm -a -d /sys/fs/bpf \
    -a -d /sys/kernel/debug/kprobes -a -e /sys/kernel/tracing/trace
check "bpffs is mounted" mountpoint -q /sys/fs/bpf
check "loop and ext4 load, an image with verity mounts" ext4_on_loop
check "cgroup v2 works" cgroups
check "the loopback interface is up" grep -q '^00000000000000000000000000000001' /proc/net/if_inet6
check "the kernel's BTF is there" test -s /sys/kernel/btf/vmlinux
check "bpftool reads it" bpftool btf dump file /sys/kernel/btf/vmlinux format raw
check "bpf is among the active LSMs" grep -qw bpf /sys/kernel/security/lsm
check "many files can be open" test "$(ulimit -n)" -ge 100000
exit "$failed"
