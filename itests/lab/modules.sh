# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The attack modules (itests/modules), built for each kernel with the headers and the compiler of its own Debian suite: another
# compiler than the kernel's knows other options. Both lie unpacked in the cache, as a small root of their own to build in:
#   modules/NAME/release     of the kernel that its headers are for
#   modules/NAME/root        headers, compiler, make, and what make's rules call

# What the rules of an out-of-tree build call, besides what the headers depend on.
LAB_MODULE_TOOLS=(make dash bash coreutils grep sed mawk findutils diffutils base-files)
# What the headers depend on and no build needs.
LAB_MODULE_NEEDLESS='^(linux-image-|initramfs|dracut|systemd|udev|libsystemd-shared|klibc-utils|debconf)'

modules_root() { printf '%s/modules/%s\n' "$LAB_CACHE" "$1"; }
modules_ready() { [ "$(cat "$(modules_root "$1")/release" 2>/dev/null)" = "$(kernel_release "$1")" ]; }

setup_modules() {
    local name=$1 suite release folder packages link
    modules_ready "$name" && return
    suite=$(kernel_suite "$name")
    release=$(kernel_release "$name")
    folder=$(modules_root "$name")
    suite_update "$suite"
    mapfile -t packages < <(suite_apt "$suite" apt-get -s -q --no-install-recommends install "linux-headers-$release" "${LAB_MODULE_TOOLS[@]}" 2>/dev/null |
        sed -n 's/^Inst \([^ ]*\).*/\1/p' | grep -vE "$LAB_MODULE_NEEDLESS")
    [ ${#packages[@]} -gt 0 ] || die "Debian $suite has no linux-headers-$release any more: the archive went on to a newer kernel" \
        "remedy: rm -r $(kernel_folder "$name"), then run the same command again, which fetches the newest"
    say "kernel $name: fetching its headers and its compiler (${#packages[@]} packages)"
    rm -rf "$folder.partial" "$folder"
    mkdir -p "$folder.partial/deb" "$folder.partial/root"/{proc,dev,build,usr/bin,usr/sbin,usr/lib,usr/lib32,usr/lib64}
    (cd "$folder.partial/deb" && suite_apt "$suite" apt-get -q download "${packages[@]}" >&2) ||
        die "the download of linux-headers-$release from Debian $suite failed" \
            "remedy: check the network, then run the same command again"
    for link in bin sbin lib lib32 lib64; do ln -s "usr/$link" "$folder.partial/root/$link"; done
    modules_unpack "$folder.partial"
    # Debian's own choice among several awks is made by a script that does not run here.
    ln -sf mawk "$folder.partial/root/usr/bin/awk"
    printf '%s\n' "$release" >"$folder.partial/release"
    mv "$folder.partial" "$folder"
}

# Through tar, since older packages hold /bin and /lib as folders, which dpkg -x would put in the place of the links.
modules_unpack() {
    local folder=$1 package
    for package in "$folder"/deb/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder/root" ||
            die "cannot unpack ${package##*/} (is the disk full?)" "remedy: make room below $LAB_CACHE, then run the same command again"
    done
    rm -rf "$folder/deb"
}

# Builds them into itests/target/modules/NAME, if anything changed: build_modules NAME
build_modules() {
    local name=$1 source=$LAB_REPO/itests/modules target=$LAB_REPO/itests/target/modules/$1 release key work
    release=$(kernel_release "$name")
    key=$(cd "$source" && { printf '%s\n' "$release"; sha256sum -- *; } | sha256sum)
    if [ "$(cat "$target/built" 2>/dev/null)" = "$key" ]; then return; fi
    work=$target.partial
    rm -rf "$work" "$target"
    mkdir -p "$work"
    cp "$source"/* "$work/"
    # The types of modules are made from vmlinux, which is not in the headers; modules load without.
    if ! setpriv --pdeathsig KILL unshare --mount --propagation private "$LAB_HOME/host/build-module" \
        "$(modules_root "$name")/root" "$work" "$release" >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        die "the attack modules cannot be built for kernel $name" "the whole log: $work/log"
    fi
    printf '%s\n' "$key" >"$work/built"
    mv "$work" "$target"
    say "kernel $name: attack modules built"
}

# All that the tests of these kernels load.
prepare_modules() {
    local kernel
    take_lock setup "another lab is setting up this machine"
    for kernel in "$@"; do
        setup_modules "$kernel"
        build_modules "$kernel"
    done
    release_lock "$LAB_LOCK_FD"
}
