# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Suites are packages below garrison.itests; a suite's name may hold dashes (file-guard is fileguard).

LAB_SUITE_ROOT=garrison.itests

suite_sources() { printf '%s/itests/src/test/java/%s\n' "$LAB_REPO" "${LAB_SUITE_ROOT//.//}"; }

# Names of the packages that hold tests.
suite_names() {
    local root
    root=$(suite_sources)
    find "$root" -mindepth 2 \( -name '*Test.java' -o -name '*IT.java' -o -name '*Suite.java' \) -printf '%P\n' 2>/dev/null |
        sed 's,/[^/]*$,,; s,/,.,g' | sort -u
}

# The package of a suite; ends the lab when there is no such suite.
suite_package() {
    local name=${1//-/}
    suite_names | grep -qE "^${name//./\\.}(\.|$)" ||
        die "unknown suite '$1'" "known: $(suite_names | paste -sd' ')"
    printf '%s.%s\n' "$LAB_SUITE_ROOT" "$name"
}

# The package of a test class, named without it; ends the lab when there is no such class, or more than one.
class_package() {
    local root paths=()
    root=$(suite_sources)
    mapfile -t paths < <(find "$root" -name "$1.java" -printf '%P\n' 2>/dev/null)
    [[ $1 =~ (Test|IT|Suite)$ ]] && [ ${#paths[@]} -gt 0 ] ||
        die "unknown test class '$1'" "remedy: one of those below ${root#"$LAB_REPO/"}"
    [ ${#paths[@]} -eq 1 ] || die "more than one test class is called $1: ${paths[*]}" "remedy: --suite"
    root=${paths[0]%/*}
    printf '%s.%s\n' "$LAB_SUITE_ROOT" "${root//\//.}"
}

# "name|words|package|after" of each extra boot; after is empty for one that may run beside the ordinary one
boot_rows() {
    awk '!/^#/ && NF { after = sub(/^after:/, "", $1) ? "after" : ""; words = $2; for (i = 3; i < NF; i++) words = words " " $i
        print $1 "|" words "|" $NF "|" after }' "$LAB_HOME/boots.txt"
}

boot_packages() { boot_rows | cut -d '|' -f 3; }

# Whether a package, or one below it, has compiled tests.
package_has_tests() {
    find "$LAB_REPO/itests/target/test-classes/${1//.//}" -name '*.class' 2>/dev/null |
        grep -qE '(Test|IT|Suite)\.class$'
}

# Whether package $1 is $2 or lies below it.
package_within() { [ "$1" = "$2" ] || [[ $1 == "$2".* ]]; }
