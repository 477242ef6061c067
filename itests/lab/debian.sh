# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Packages of any Debian suite, without touching the machine's own apt configuration:
# each suite has its own sources, lists and archive folder below the cache.

# The machine's Debian mirror, as its own apt sources name it.
debian_mirror() {
    if [ -n "${GARRISON_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$GARRISON_DEBIAN_MIRROR"
        return
    fi
    local uri
    uri=$(debian_mirror_of_targets)
    if [ -z "$uri" ]; then
        say "reading the machine's package lists (apt-get update)"
        apt-get -q update >&2 || die "apt-get update failed" "remedy: repair the machine's apt sources, then run again"
        uri=$(debian_mirror_of_targets)
    fi
    [ -n "$uri" ] || die "the machine's apt sources name no Debian mirror" \
        "remedy: set GARRISON_DEBIAN_MIRROR to the URI of one"
    printf '%s\n' "$uri"
}

# Only lists that were fetched have an origin and a label, hence the empty answer before an update.
debian_mirror_of_targets() {
    # shellcheck disable=SC2016 # apt's own place holders
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $4; exit }'
}

debian_keyring() {
    local ring
    for ring in "${GARRISON_DEBIAN_KEYRING:-}" /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
        if [ -n "$ring" ] && [ -s "$ring" ]; then
            printf '%s\n' "$ring"
            return
        fi
    done
    die "no Debian archive keyring on this machine" "remedy: apt-get install debian-archive-keyring"
}

# An apt program on one suite only: suite_apt SUITE apt-get|apt-cache ARGUMENT...
suite_apt() {
    local suite=$1 program=$2 root=$LAB_CACHE/apt/$1
    shift 2
    "$program" \
        -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::Lists="$root/lists" -o Dir::State::status="$root/status" \
        -o Dir::Cache="$root/cache" -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Sandbox::User=root "$@"
}

# Fetches the lists of a suite, once in a run of the lab.
suite_update() {
    local suite=$1 root=$LAB_CACHE/apt/$1 mirror keyring
    [ ! -f "$root/updated.$$" ] || return 0
    mirror=$(debian_mirror) || exit 1
    keyring=$(debian_keyring) || exit 1
    mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
    printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$root/sources.list"
    : >"$root/status"
    say "fetching the package lists of Debian $suite"
    # By default apt takes a mirror that cannot be reached for no error.
    suite_apt "$suite" apt-get -q -o APT::Update::Error-Mode=any update >&2 ||
        die "cannot fetch the package lists of Debian $suite" \
            "remedy: check the network and the machine's apt sources; or set GARRISON_DEBIAN_MIRROR"
    rm -f "$root"/updated.*
    : >"$root/updated.$$"
}

# The value of a field of the newest version, or nothing: suite_field SUITE PACKAGE FIELD
suite_field() {
    { suite_apt "$1" apt-cache --no-all-versions show "$2" 2>/dev/null || true; } | sed -n "s/^$3: //p;T;q"
}

# Downloads packages and unpacks them into one folder, which appears only when all is there:
# suite_unpack SUITE FOLDER PACKAGE...
suite_unpack() {
    local suite=$1 folder=$2 package size work
    shift 2
    work=$folder.partial
    rm -rf "$work"
    mkdir -p "$work/deb" "$work/root"
    for package in "$@"; do
        size=$(suite_field "$suite" "$package" Size)
        [ -n "$size" ] || die "Debian $suite has no package $package" \
            "remedy: look for its new name in that suite, then adapt itests/lab"
        say "downloading $package of $suite ($(((size + 1048575) / 1048576)) MiB)"
        (cd "$work/deb" && suite_apt "$suite" apt-get -q download "$package" >&2) ||
            die "the download of package $package from Debian $suite failed" \
                "remedy: check the network, then run the same command again"
    done
    for package in "$work"/deb/*.deb; do
        say "unpacking ${package##*/}"
        dpkg -x "$package" "$work/root" || die "cannot unpack ${package##*/} (is the disk full?)" \
            "remedy: make room below $LAB_CACHE, then run the same command again"
    done
    rm -rf "$work/deb" "$folder"
    mv "$work/root" "$folder"
    rm -rf "$work"
}
