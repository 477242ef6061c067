# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What this machine has and lacks. Looks only: installs nothing, fetches nothing.

DOCTOR_REMEDIES=()

# doctor_line STATE WHAT DETAIL [REMEDY]; STATE is ok, lacks or note
doctor_line() {
    printf '  %-6s %-22s %s\n' "$1" "$2" "$3"
    if [ "$1" = lacks ]; then DOCTOR_REMEDIES+=("$2: ${4:-./lab setup}"); fi
}

doctor_lab() {
    local missing=() name path
    printf 'The lab\n'
    if [ "$(id -u)" -eq 0 ]; then doctor_line ok user root; else doctor_line lacks user "$(id -un)" "sudo ./lab doctor"; fi
    if [ "$(uname -m)" = x86_64 ]; then doctor_line ok processor "x86_64, $(nproc) CPUs"; else
        doctor_line lacks processor "$(uname -m)" "an x86-64 machine"
    fi
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then doctor_line ok "Debian packages" "all ${#LAB_PACKAGES[@]} there"; else
        doctor_line lacks "Debian packages" "${missing[*]}" "./lab setup, or apt-get install ${missing[*]}"
    fi
    if find_java; then doctor_line ok JDK "$(java_version_of "$LAB_JAVA_HOME") in $LAB_JAVA_HOME"; else
        doctor_line lacks JDK "none of version $LAB_JAVA_VERSION or later" "./lab setup, or set JAVA_HOME"
    fi
    if [ -n "$(qemu_version)" ]; then doctor_line ok QEMU "$(qemu_version) ($(qemu_place))"; else
        doctor_line lacks QEMU "none of version $LAB_QEMU_MAJOR or later"
    fi
    path=$(virtiofsd_path)
    if [ -n "$path" ]; then doctor_line ok virtiofsd "$path"; else doctor_line lacks virtiofsd none; fi
    while read -r name; do
        if kernel_ready "$name"; then doctor_line ok "kernel $name" "$(kernel_release "$name")"; else
            doctor_line lacks "kernel $name" "not in the cache" "./lab setup --kernel $name"
        fi
    done < <(kernel_names)
    doctor_line note KVM "$(kvm_answer | sed 's/^kvm /yes: /; s/^tcg /no, software emulation: /')"
    doctor_room
}

qemu_place() { if qemu_on_path_is_new; then printf "the machine's"; else printf 'unpacked in the cache'; fi; }

# Disk for the cache, memory for one guest beside Maven.
doctor_room() {
    local place=$LAB_CACHE free memory
    while [ ! -d "$place" ]; do place=${place%/*}; done
    free=$(($(df --output=avail -k "$place" | tail -n 1) / 1024))
    if [ "$free" -ge 1500 ] || kernel_ready "$(kernel_newest)"; then
        doctor_line ok disk "$free MiB free for $LAB_CACHE ($(du -sm "$LAB_CACHE" 2>/dev/null | cut -f 1) MiB used)"
    else
        doctor_line lacks disk "$free MiB free for $LAB_CACHE" "make 1500 MiB free, or set GARRISON_CACHE"
    fi
    memory=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
    if [ "$memory" -ge 4096 ]; then doctor_line ok memory "$memory MiB available"; else
        doctor_line lacks memory "$memory MiB available, a guest takes 3072" "free 4096 MiB"
    fi
}

# What Garrison could do on the machine's own kernel.
doctor_kernel() {
    local lsm value
    printf '\nThis machine'\''s own kernel, %s\n' "$(uname -r)"
    if [ -s /sys/kernel/btf/vmlinux ]; then doctor_line ok BTF "$(($(stat -c %s /sys/kernel/btf/vmlinux) / 1024)) KiB"; else
        doctor_line note BTF "none: Garrison cannot load its programs (needs CONFIG_DEBUG_INFO_BTF)"
    fi
    lsm=$(cat /sys/kernel/security/lsm 2>/dev/null || true)
    case ,$lsm, in
        ,,) doctor_line note "LSM list" "unknown: securityfs is not mounted" ;;
        *,bpf,*) doctor_line ok "LSM list" "$lsm" ;;
        *) doctor_line note "LSM list" "$lsm: without bpf; boot with lsm=$lsm,bpf for BPF LSM programs" ;;
    esac
    value=$(cat /proc/sys/kernel/unprivileged_bpf_disabled 2>/dev/null || echo unknown)
    case $value in
        0) doctor_line note "unprivileged BPF" "allowed to everyone" ;;
        1 | 2) doctor_line ok "unprivileged BPF" "off ($value)" ;;
        *) doctor_line note "unprivileged BPF" "$value" ;;
    esac
    value=$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null || true)
    case $value in
        confidentiality) doctor_line note lockdown "$value: programs may not read kernel memory" ;;
        '') doctor_line note lockdown "not in this kernel" ;;
        *) doctor_line ok lockdown "$value" ;;
    esac
    value=$(awk '$3 == "bpf" { print $2; exit }' /proc/mounts)
    if [ -n "$value" ]; then doctor_line ok bpffs "$value"; else
        doctor_line note bpffs "not mounted: mount -t bpf bpffs /sys/fs/bpf"
    fi
    doctor_garrison
}

# The runtime's own word, once it is built.
doctor_garrison() {
    local program=$LAB_REPO/runtime/target/garrison/bin/garrison
    [ -x "$program" ] && [ -n "$LAB_JAVA_HOME" ] || return 0
    printf '\ngarrison kernel\n'
    JAVA_HOME=$LAB_JAVA_HOME PATH=$LAB_JAVA_HOME/bin:$PATH timeout 60 "$program" kernel 2>&1 | sed 's/^/  /' ||
        printf '  (it ended with an error)\n'
}

# One guest per kernel that checks the lab's own promises, above all that a guest cannot write to the machine.
doctor_boot() {
    local kernel=$1 folder witness before status=0
    folder=$LAB_TARGET/$kernel/smoke
    witness=$LAB_TARGET/witness
    mkdir -p "$LAB_TARGET"
    printf 'the machine wrote this\n' >"$witness"
    before=$(stat -c '%i %s %Y %Z %a' "$witness")
    printf '\nKernel %s in a guest\n' "$kernel"
    if ! guest_run --kernel "$kernel" --folder "$folder" --limit 300 -- itests/lab/jobs/smoke.sh "$witness" ||
        [ "$GUEST_STATUS" != 0 ]; then
        status=1
    fi
    if [ "$(stat -c '%i %s %Y %Z %a' "$witness")" = "$before" ] && [ ! -e /usr/garrison-scratch ] &&
        [ ! -e /etc/garrison-scratch ] && [ ! -e "$witness.new" ]; then
        printf '  ok    the machine is as it was; user space after %s s\n' "${GUEST_BOOT:-?}"
    else
        printf '  FAIL  the guest changed the machine\n'
        status=1
    fi
    [ "$status" -eq 0 ] || DOCTOR_REMEDIES+=("kernel $kernel in a guest: see $folder/console.log and $folder/out/output")
}
