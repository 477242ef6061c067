# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The Maven build. Once these poms have been built online on this machine, later builds are offline.

LAB_MAVEN_LOG=$LAB_TARGET/maven.log

# Every test's report of a Maven run, and where they lie.
build_report_folders() {
    find "$LAB_REPO" -path '*/target/*' -type d \( -name surefire-reports -o -name failsafe-reports \) -not -path '*/target/lab/*' 2>/dev/null
}

# With tests; their outcome is in the reports, and only a broken build ends the lab here.
build_with_tests() {
    local long=$1 folder
    while read -r folder; do rm -rf "$folder"; done < <(build_report_folders)
    build_maven full verify -Dmaven.test.failure.ignore=true "-Dgarrison.long=$long"
}

build_without_tests() {
    if build_is_current; then
        say "build: nothing changed since the last one"
        return
    fi
    build_maven quick package -DskipTests
}

# Nothing that goes into the build is newer than the last one, and all that guests run is there.
build_is_current() {
    local stamp=$LAB_TARGET/built entries entry
    [ -f "$stamp" ] && [ -s "$LAB_REPO/itests/target/guest.classpath" ] || return 1
    [ -z "$(find "$LAB_REPO" -mindepth 1 \( -name target -o -path "$LAB_REPO/.*" -o -path "$LAB_HOME" \) -prune -o \
        -newer "$stamp" -not -path "$LAB_REPO/lab" -not -name '*.md' -print -quit)" ] || return 1
    IFS=: read -r -a entries <"$LAB_REPO/itests/target/guest.classpath"
    for entry in "${entries[@]}"; do [ -e "$entry" ] || return 1; done
}

# build_maven full|quick ARGUMENT...
build_maven() {
    local kind=$1 stamp started status=0
    shift
    stamp=$LAB_CACHE/maven/$(build_poms_hash)
    mkdir -p "$LAB_TARGET" "${stamp%/*}"
    take_lock maven "another Maven build is running"
    started=$(now)
    touch "$LAB_TARGET/building"
    if [ -e "$stamp.full" ] || [ -e "$stamp.$kind" ]; then
        say "building (offline): mvn $*"
        build_run -o "$@" || status=$?
        # Somebody emptied the local repository since.
        if [ "$status" -ne 0 ] && grep -qE 'offline mode|has not been downloaded from it before' "$LAB_MAVEN_LOG"; then
            say "the local Maven repository lacks something; building online"
            rm -f "$stamp".*
            status=0
            build_run "$@" || status=$?
        fi
    else
        say "building (online: these poms are new on this machine): mvn $*"
        build_run "$@" || status=$?
    fi
    release_lock "$LAB_LOCK_FD"
    if [ "$status" -ne 0 ]; then
        grep -E '^\[ERROR\]' "$LAB_MAVEN_LOG" | head -n 40 >&2
        die "the build failed" "the whole log: $LAB_MAVEN_LOG"
    fi
    : >"$stamp.$kind"
    mv "$LAB_TARGET/building" "$LAB_TARGET/built"
    say "built in $(($(now) - started)) s"
}

build_run() {
    (cd "$LAB_REPO" && PATH=$LAB_JAVA_HOME/bin:$PATH JAVA_HOME=$LAB_JAVA_HOME mvn -B "$@" </dev/null 2>&1) | tee "$LAB_MAVEN_LOG" | build_progress
}

# One line a module and a test class, and a sign of life while artifacts are fetched.
build_progress() {
    awk '/Downloaded from/ { if (++fetched % 50 == 0) { print "lab:   fetched " fetched " artifacts"; fflush() } next }
         /^\[INFO\] Building .*\[[0-9]+\/[0-9]+\]/ { sub(/^\[INFO\] Building /, ""); gsub(/  +/, " "); print "lab:   " $0; fflush(); next }
         /Tests run:.*(Time elapsed|-- in)|FAILURE!|^\[INFO\] BUILD/ { sub(/^\[[A-Z]+\] /, ""); print "lab:   " $0; fflush() }' >&2
}

# What was fetched depends on the poms alone.
build_poms_hash() {
    (cd "$LAB_REPO" && find . -name target -prune -o -name pom.xml -print | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-16)
}

# The Surefire forks that ended without a report, one line each.
build_lost_forks() {
    grep -E 'The forked VM terminated|timeout or other error in the fork|error in the forked process' "$LAB_MAVEN_LOG" | sort -u | head -n 3
}
