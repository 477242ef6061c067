# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What of the machine a guest sees: its root file system, and those further file systems that hold
# something a guest needs. All of it read-only (host/serve-root).

# The folders a guest needs, whatever file system they lie on.
view_folders() {
    printf '%s\n' /usr /etc /opt /var "$LAB_REPO" "$LAB_CACHE" "$LAB_JAVA_HOME" "$(maven_repository)"
}

# The mount points other than / on the way to these folders, outermost first.
view_mountpoints() {
    local folder
    while read -r folder; do
        folder=$(readlink -f -- "$folder") || continue
        while [ -n "$folder" ]; do
            ! mountpoint -q "$folder" || printf '%s\n' "$folder"
            folder=${folder%/*}
        done
    done < <(view_folders) | sort -u
}
