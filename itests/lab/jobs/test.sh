#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh LONG PACKAGE [EXCLUDED-PACKAGE]...
#
# In a guest: all JUnit tests of a package and those below it, or those of LAB_TEST_CLASS only, in one JVM; and those of Pax Exam, if
# there are any, in another: the URL handlers of an OSGi framework are those of its JVM, and a test may have started one there before.

set -euo pipefail

long=$1 package=$2
shift 2
class=${LAB_TEST_CLASS:-'(Test|IT|Suite)'}
options=()
for excluded in "$@"; do options+=(--exclude-package "$excluded"); done

# tests ENGINE
tests() {
    # JUnit tells start and end of each test; the end is enough.
    # shellcheck disable=SC2086 # options, one word each
    java $LAB_JAVA \
        --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
        -Dgarrison.kernel="$LAB_KERNEL" -Dgarrison.long="$long" \
        -Dgarrison.home="$LAB_REPO/runtime/target/garrison" -Dgarrison.out="$LAB_SHARE" \
        -cp "$(cat itests/target/guest.classpath)" \
        org.junit.platform.console.ConsoleLauncher execute --include-engine "$1" \
        --select-package "$package" ${options[@]+"${options[@]}"} \
        --include-classname ".*${LAB_TEST_CLASS:+[.]}$class\$" \
        --details=testfeed --disable-banner --disable-ansi-colors --reports-dir "$LAB_SHARE/reports" |
        { grep --line-buffered -v ':: STARTED$' || true; }
}

status=0
[[ $class == *IT ]] || tests junit-jupiter || status=$?
if [[ $class == *IT* ]] && find "itests/target/test-classes/${package//.//}" -name '*IT.class' | grep -q .; then
    tests junit-vintage || status=$?
fi
exit "$status"
