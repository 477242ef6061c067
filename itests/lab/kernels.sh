# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Debian's stock cloud kernels, the newest of each suite, unpacked into the cache:
#   kernels/NAME/release      uname -r
#   kernels/NAME/vmlinuz      the image
#   kernels/NAME/config       its configuration
#   kernels/NAME/modules      the folder for /lib/modules/RELEASE
#   kernels/NAME/initramfs    only where virtiofs is a module

# Loaded by the initramfs in this order, when virtiofs is not built in.
LAB_VIRTIOFS_MODULES="virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci fuse virtiofs"

kernel_names() { awk '!/^#/ && NF { print $1 }' "$LAB_HOME/kernels.txt"; }
kernel_newest() { kernel_names | tail -n 1; }
kernel_suite() { awk -v name="$1" '!/^#/ && $1 == name { print $2 }' "$LAB_HOME/kernels.txt"; }
kernel_folder() { printf '%s/kernels/%s\n' "$LAB_CACHE" "$1"; }
kernel_release() { cat "$(kernel_folder "$1")/release" 2>/dev/null; }
kernel_ready() { [ -s "$(kernel_folder "$1")/release" ]; }

check_kernel_name() {
    [ -n "$(kernel_suite "$1")" ] || usage_error "unknown kernel '$1'; known: $(kernel_names | paste -sd' ')"
}

# The image package of a kernel series: the suite's newest of that series, or else the suite's newest.
kernel_package() {
    local name=$1 suite=$2 package
    package=$(suite_apt "$suite" apt-cache pkgnames linux-image-"$name". |
        grep -E "^linux-image-${name//./\\.}\.[0-9][^-]*(-[0-9]+)?-cloud-amd64$" | sort -V | tail -n 1) || true
    if [ -z "$package" ]; then
        package=$(suite_field "$suite" linux-image-cloud-amd64 Depends |
            grep -oE 'linux-image-[0-9][^ ,]*-cloud-amd64' | head -n 1) || true
        [ -n "$package" ] || die "Debian $suite has no cloud kernel" "remedy: adapt itests/lab/kernels.txt"
        warn "Debian $suite no longer has a $name kernel; taking its newest, $package, in its place"
    fi
    printf '%s\n' "$package"
}

# That package and those that it is split into (from 7.x on: image, modules, and what describes them).
kernel_packages() {
    local suite=$1 package=$2
    printf '%s\n' "$package"
    suite_apt "$suite" apt-cache --no-all-versions show "$package" |
        sed -n 's/^\(Pre-\)\?Depends: //p' | tr ',' '\n' |
        grep -oE 'linux-(base|binary|modules)-[0-9][^ (]*' | sort -u
}

setup_kernel() {
    local name=$1 suite package packages folder
    if kernel_ready "$name"; then
        say "kernel $name: $(kernel_release "$name")"
        return
    fi
    suite=$(kernel_suite "$name")
    suite_update "$suite"
    package=$(kernel_package "$name" "$suite") || exit 1
    mapfile -t packages < <(kernel_packages "$suite" "$package")
    folder=$(kernel_folder "$name")
    mkdir -p "${folder%/*}"
    suite_unpack "$suite" "$folder.unpacked" "${packages[@]}"
    kernel_arrange "$name" "$folder.unpacked" "$folder"
    say "kernel $name: $(kernel_release "$name") unpacked from ${packages[*]}"
}

# Gives an unpacked kernel the shape above, last of all its release file.
kernel_arrange() {
    local name=$1 from=$2 to=$3 image release modules
    # Since 7.x the modules lie in /usr/lib/modules, and the image beside them.
    modules=$(find "$from/lib/modules" "$from/usr/lib/modules" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -n 1) || true
    release=${modules##*/}
    image=$from/boot/vmlinuz-$release
    [ -f "$image" ] || image=$modules/vmlinuz
    if [ -z "$release" ] || [ ! -f "$image" ]; then
        die "the packages of kernel $name hold no image and modules where they used to" \
            "remedy: see $from, then adapt itests/lab/kernels.sh"
    fi
    rm -rf "$to.partial" "$to"
    mkdir -p "$to.partial/lib/modules"
    cp "$image" "$to.partial/vmlinuz"
    cp "$(find "$from/boot" "$modules" -maxdepth 1 \( -name "config-$release" -o -name config \) 2>/dev/null | head -n 1)" "$to.partial/config"
    mv "$modules" "$to.partial/lib/modules/$release"
    ln -s "lib/modules/$release" "$to.partial/modules"
    say "kernel $name: module dependencies of $release"
    depmod -b "$to.partial" "$release" || die "depmod failed for kernel $release"
    if find "$to.partial/modules/" -name 'virtiofs.ko*' | grep -q .; then
        kernel_initramfs "$to.partial"
    fi
    printf '%s\n' "$release" >"$to.partial/release"
    mv "$to.partial" "$to"
    rm -rf "$from"
}

# An initramfs of busybox and the modules between the kernel and its virtiofs root.
kernel_initramfs() {
    local folder=$1 root=$1/initramfs.root module file
    mkdir -p "$root"/{bin,proc,sys,dev,newroot,modules}
    cp "$(command -v busybox)" "$root/bin/busybox"
    cp "$LAB_HOME/guest/initramfs-init" "$root/init"
    chmod 755 "$root/init"
    : >"$root/modules/order"
    for module in $LAB_VIRTIOFS_MODULES; do
        file=$(find "$folder/modules/" -name "$module.ko*" | head -n 1)
        # Not found means built in.
        [ -n "$file" ] || continue
        case $file in
            *.xz) xz -dc "$file" >"$root/modules/$module.ko" ;;
            *.zst) zstd -qdc "$file" >"$root/modules/$module.ko" ;;
            *) cp "$file" "$root/modules/$module.ko" ;;
        esac
        printf '%s\n' "$module" >>"$root/modules/order"
    done
    (cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$folder/initramfs"
    rm -rf "$root"
}
