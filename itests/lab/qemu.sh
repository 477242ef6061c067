# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# QEMU 10 or later, and virtiofsd. Debian 12's own QEMU 7.2 mishandles the kernel's live text patching
# with two emulated CPUs, so there QEMU 10 of its backports lies unpacked in the cache beside it.

LAB_QEMU_MAJOR=10
LAB_QEMU_FOLDER=$LAB_CACHE/qemu
LAB_QEMU_PACKAGES=(qemu-system-x86 qemu-system-data qemu-system-common seabios)

# Where virtiofsd is, or nothing. Its folder is never on PATH. GARRISON_VIRTIOFSD names another one.
virtiofsd_path() {
    local path
    for path in "${GARRISON_VIRTIOFSD:-}" /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd /usr/lib/virtiofsd; do
        if [ -x "$path" ]; then
            printf '%s\n' "$path"
            return
        fi
    done
    command -v virtiofsd || true
}

qemu_major() { "$@" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p'; }

qemu_on_path_is_new() {
    have qemu-system-x86_64 && [ "$(qemu_major qemu-system-x86_64)" -ge "$LAB_QEMU_MAJOR" ]
}

qemu_unpacked() { [ -s "$LAB_QEMU_FOLDER/version" ]; }

# Fills QEMU with the command and its data folders.
qemu_command() {
    local root=$LAB_QEMU_FOLDER/root
    if qemu_on_path_is_new; then
        QEMU=(qemu-system-x86_64)
    elif qemu_unpacked; then
        QEMU=(env "QEMU_MODULE_DIR=$root/usr/lib/x86_64-linux-gnu/qemu" "$root/usr/bin/qemu-system-x86_64"
            -L "$root/usr/share/qemu" -L "$root/usr/share/seabios")
    else
        return 1
    fi
}

qemu_version() {
    local QEMU
    qemu_command && "${QEMU[@]}" --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/\1/p'
}

setup_qemu() {
    local codename
    if ! qemu_on_path_is_new && ! qemu_unpacked; then
        codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
        if [ "$codename" = bookworm ]; then
            unpack_qemu bookworm-backports
        else
            install_packages qemu-system-x86
            qemu_on_path_is_new || die "this machine's QEMU is older than $LAB_QEMU_MAJOR" \
                "remedy: install qemu-system-x86 $LAB_QEMU_MAJOR or later"
        fi
    fi
    say "QEMU: $(qemu_version)"
}

unpack_qemu() {
    local suite=$1 root=$LAB_QEMU_FOLDER/root libraries version
    suite_update "$suite"
    # Its shared libraries are the machine's own.
    mapfile -t libraries < <(suite_field "$suite" qemu-system-x86 Depends | tr ',' '\n' |
        sed 's/[(|].*//; s/ //g' | grep '^lib' | while read -r library; do
        package_installed "$library" || printf '%s\n' "$library"
    done)
    [ ${#libraries[@]} -eq 0 ] || install_packages "${libraries[@]}"
    mkdir -p "$LAB_QEMU_FOLDER"
    suite_unpack "$suite" "$root" "${LAB_QEMU_PACKAGES[@]}"
    version=$("$root/usr/bin/qemu-system-x86_64" --version | head -n 1) ||
        die "the unpacked QEMU does not start" \
            "remedy: install the library it names, rm -r $LAB_QEMU_FOLDER, then run the same command again"
    printf '%s\n' "$version" >"$LAB_QEMU_FOLDER/version"
}

# KVM only if it has booted a guest of ours: a device that is there may still not run these kernels.
# The answer is kept per host kernel, processor and QEMU; GARRISON_ACCEL=kvm|tcg overrides it.
LAB_ACCEL=        # kvm or tcg
LAB_ACCEL_REASON= # for people

setup_accelerator() {
    local answer
    case ${GARRISON_ACCEL:-} in
        kvm | tcg) answer="$GARRISON_ACCEL set by GARRISON_ACCEL" ;;
        '') kvm_known || kvm_trial
            answer=$(kvm_answer) ;;
        *) die "GARRISON_ACCEL is '$GARRISON_ACCEL'" "remedy: kvm or tcg" ;;
    esac
    LAB_ACCEL=${answer%% *}
    LAB_ACCEL_REASON=${answer#* }
    say "accelerator: $LAB_ACCEL ($LAB_ACCEL_REASON)"
}

kvm_key() {
    { uname -r; grep -m 1 '^model name' /proc/cpuinfo; qemu_version; } | sha256sum | cut -c 1-16
}

kvm_answer_file() { printf '%s/kvm.%s\n' "$LAB_CACHE" "$(kvm_key)"; }

kvm_known() { [ ! -w /dev/kvm ] || [ -s "$(kvm_answer_file)" ]; }

# "kvm REASON" or "tcg REASON"
kvm_answer() {
    if [ ! -w /dev/kvm ]; then
        printf 'tcg no writable /dev/kvm\n'
    else
        cat "$(kvm_answer_file)" 2>/dev/null || printf 'tcg KVM was not tried yet\n'
    fi
}

kvm_trial() {
    local kernel file answer
    for kernel in $(kernel_names | tac); do
        ! kernel_ready "$kernel" || break
    done
    kernel_ready "$kernel" || return 0
    say "trying KVM with kernel $kernel, once (at most 30 s)"
    LAB_ACCEL=kvm
    if guest_trial "$kernel" "$LAB_TARGET/kvm-trial" 30; then
        answer="kvm booted kernel $kernel"
    else
        answer="tcg /dev/kvm is there but did not boot kernel $kernel: $GUEST_OUTCOME"
    fi
    file=$(kvm_answer_file)
    printf '%s\n' "$answer" >"$file.partial"
    mv "$file.partial" "$file"
}
