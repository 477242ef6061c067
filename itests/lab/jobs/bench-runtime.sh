#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bench-runtime.sh PLUGIN|none ROUNDS
#
# Starts the program as it is installed, with and without its AOT cache in turn, and asks for its memory. With a plugin
# (file-guard; only where LSM programs may be loaded: a guest) a start has ended when a write is refused; with none when it says
# that it runs. Ends with start_ms, start_aot_ms, the CPU time of both, which a busy machine falsifies less, and rss_mb:
# medians, RSS with the cache.

set -euo pipefail

plugin=$1 rounds=$2
home=$PWD/runtime/target/garrison
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/guarded"
echo before >"$folder/guarded/file"
mkdir "$folder/none"
bundles="bundle-directory = \"$folder/none\"" rules=''
if [ "$plugin" != none ]; then
    bundles="bundles = [ $plugin ]"
    rules="plugins.$plugin.rules = [ { name = bench, tree = \"$folder/guarded\", operations = [ write ] } ]"
fi
cat >"$folder/garrison.conf" <<END
garrison {
  mode = ENFORCE
  pin = false
  $rules
  runtime { $bundles, on-plugin-failure = continue, control-socket = "$folder/control.sock", cache-directory = "$folder/cache" }
}
END

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

up() {
    if [ "$plugin" = none ]; then
        grep -q ' running: ' "$folder/log"
    elif { echo after >>"$folder/guarded/file"; } 2>/dev/null; then
        return 1
    fi
}

# Prints milliseconds, those of CPU time, and resident MB: start AOTMode
start() {
    local begin pid took used resident
    : >"$folder/log"
    begin=$(milliseconds)
    GARRISON_JAVA_OPTS="${BENCH_JAVA:-} -XX:AOTMode=$1" "$home/bin/garrison" run --config "$folder/garrison.conf" >"$folder/log" 2>&1 &
    pid=$!
    until up; do
        kill -0 "$pid" 2>/dev/null || { cat "$folder/log" >&2; return 1; }
        sleep 0.02
    done
    took=$(($(milliseconds) - begin))
    used=$(awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / hz) }' "/proc/$pid/stat")
    # What comes up late is part of its memory.
    sleep 3
    resident=$(awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$pid/status")
    kill "$pid"
    wait "$pid" || true
    echo "$took $used $resident"
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# column NUMBER MODE: its median
column() { awk -v mode="$2" -v column="$1" '$1 == mode { print $column }' "$folder/figures" | median; }

printf '%-8s %10s %10s %10s\n' cache start/ms CPU/ms RSS/MB
for ((round = 0; round < rounds; round++)); do
    for mode in off auto; do
        figures=$(start "$mode")
        # shellcheck disable=SC2086 # three words on purpose
        printf '%-8s %10s %10s %10s\n' "$mode" $figures | tee -a "$folder/figures"
    done
done
printf 'start_ms=%s\n' "$(column 2 off)"
printf 'start_aot_ms=%s\n' "$(column 2 auto)"
printf 'start_cpu_ms=%s\n' "$(column 3 off)"
printf 'start_aot_cpu_ms=%s\n' "$(column 3 auto)"
printf 'rss_mb=%s\n' "$(column 4 auto)"
