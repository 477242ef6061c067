# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A JDK 25 or later: the caller's, one that Debian's folder holds, or one that we fetch.

LAB_JAVA_VERSION=25
LAB_JAVA_HOME=

# The feature version of a JDK folder; nothing when it is not one.
java_version_of() {
    local home=$1
    [ -x "$home/bin/javac" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null
}

java_candidates() {
    local java
    printf '%s\n' "${JAVA_HOME:-}"
    java=$(command -v java || true)
    if [ -n "$java" ]; then
        java=$(readlink -f "$java")
        printf '%s\n' "${java%/bin/java}"
    fi
    printf '%s\n' /usr/lib/jvm/* "$LAB_CACHE"/jdk/usr/lib/jvm/*
}

# Sets LAB_JAVA_HOME if the machine has a JDK that is new enough.
find_java() {
    local home version
    while read -r home; do
        [ -n "$home" ] || continue
        version=$(java_version_of "$home")
        if [ -n "$version" ] && [ "$version" -ge "$LAB_JAVA_VERSION" ]; then
            LAB_JAVA_HOME=$(readlink -f "$home")
            return 0
        fi
    done < <(java_candidates)
    return 1
}

setup_java() {
    if find_java; then
        say "JDK: $(java_version_of "$LAB_JAVA_HOME") in $LAB_JAVA_HOME"
        return
    fi
    local package=openjdk-$LAB_JAVA_VERSION-jdk-headless
    say "no JDK $LAB_JAVA_VERSION or later on this machine (JAVA_HOME, PATH, /usr/lib/jvm)"
    if apt-get -s -qq --no-install-recommends install "$package" >/dev/null 2>&1; then
        install_packages "$package"
    else
        # Its libraries are few and old; a JDK of another suite runs here unless its libc is too new.
        suite_update sid
        suite_unpack sid "$LAB_CACHE/jdk" "$package" "openjdk-$LAB_JAVA_VERSION-jre-headless"
        if ! find_java || ! "$LAB_JAVA_HOME/bin/java" -version >/dev/null 2>&1; then
            rm -rf "$LAB_CACHE/jdk"
        fi
    fi
    find_java || die "no JDK $LAB_JAVA_VERSION to be had from Debian for this machine" \
        "remedy: unpack any JDK $LAB_JAVA_VERSION and set JAVA_HOME to its folder"
    say "JDK: $(java_version_of "$LAB_JAVA_HOME") in $LAB_JAVA_HOME (fetched)"
}

maven_repository() { printf '%s/.m2\n' "${HOME:-/root}"; }
