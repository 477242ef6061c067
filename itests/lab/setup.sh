# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What must be installed on the machine itself. A prepared machine needs no network look-up.

# package, and a file or command that shows that it is there: "c:" command, "p:" package itself
LAB_PACKAGES=(
    "clang c:clang"
    "llvm c:llvm-strip"
    "bpftool c:bpftool"
    "libbpf1 p:libbpf1"
    "libbpf-dev p:libbpf-dev"
    "linux-libc-dev p:linux-libc-dev"
    "gcc c:gcc"
    "make c:make"
    "libc6-dev p:libc6-dev"
    "maven c:mvn"
    "busybox-static c:busybox"
    "cpio c:cpio"
    "kmod c:depmod"
    "util-linux c:unshare"
    "attr c:setfattr"
    "acl c:setfacl"
    "e2fsprogs c:mkfs.ext4"
    "xfsprogs c:mkfs.xfs"
    "iproute2 c:ip"
    "openssl c:openssl"
    "stress-ng c:stress-ng"
    "bpftrace c:bpftrace"
    "fsverity c:fsverity"
    "apparmor c:apparmor_parser"
    "linux-perf c:perf"
)

# The programs of sbin are found whatever PATH the caller had.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Succeeds when the package's own witness is on the machine: package_present PACKAGE WITNESS
package_present() {
    local package=$1 witness=$2
    case $witness in
        c:*) have "${witness#c:}" ;;
        *) package_installed "$package" ;;
    esac
}

package_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
    local row
    for row in "${LAB_PACKAGES[@]}"; do
        # shellcheck disable=SC2086 # two words on purpose
        package_present $row || printf '%s\n' "${row%% *}"
    done
    [ -n "$(virtiofsd_path)" ] || virtiofsd_package
}

# Debian 12 ships virtiofsd inside qemu-system-common, Debian 13 and later as a package.
virtiofsd_package() {
    if [ -n "$(apt-cache --no-all-versions show virtiofsd 2>/dev/null)" ]; then
        printf 'virtiofsd\n'
    else
        printf 'qemu-system-common\n'
    fi
}

install_packages() {
    need_root
    have apt-get || die "this machine has no apt-get; these are missing: $*" \
        "remedy: the lab runs on Debian 12 or later"
    export DEBIAN_FRONTEND=noninteractive
    if ! apt-get -s -qq --no-install-recommends install "$@" >/dev/null 2>&1; then
        say "reading the machine's package lists (apt-get update)"
        apt-get -q update >&2 || die "apt-get update failed" "remedy: repair the machine's apt sources, then run again"
    fi
    say "installing from Debian: $*"
    apt_install "$@" && return
    # Lists that are out of date name versions that the mirror no longer has.
    say "reading the machine's package lists again, then trying once more"
    apt-get -q update >&2 || warn "apt-get update failed"
    apt_install "$@" || die "cannot install: $*" "remedy: apt-get install $*"
}

apt_install() { apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" >&2; }

setup_packages() {
    local missing=()
    if ! have virtiofsd && [ -z "$(virtiofsd_path)" ] && have apt-cache && [ -z "$(apt-cache pkgnames 2>/dev/null | head -n 1)" ]; then
        say "reading the machine's package lists (apt-get update)"
        apt-get -q update >&2 || die "apt-get update failed" "remedy: repair the machine's apt sources, then run again"
    fi
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then
        say "packages: all there"
        return
    fi
    install_packages "${missing[@]}"
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -eq 0 ] || die "still missing after the installation: ${missing[*]}" \
        "remedy: apt-get install --reinstall ${missing[*]}"
    say "packages: installed what was missing"
}

# What a build needs, and tests on the machine's own kernel.
setup_build() {
    need_root
    take_lock setup "another lab is setting up this machine"
    setup_packages
    setup_java
    release_lock "$LAB_LOCK_FD"
}

# Everything that a build and a guest with these kernels need.
setup_guests() {
    local kernel
    need_x86_64
    case $LAB_REPO$LAB_CACHE in
        *[[:space:]]*) die "the repository's or the cache's path holds a blank, which a kernel command line cannot carry" \
            "remedy: move them, or set GARRISON_CACHE" ;;
    esac
    setup_build
    take_lock setup "another lab is setting up this machine"
    setup_qemu
    for kernel in "$@"; do setup_kernel "$kernel"; done
    release_lock "$LAB_LOCK_FD"
    setup_accelerator
}
