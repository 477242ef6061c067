// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.spi.KernelVersion;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Since when mainline has something, for error messages only. Source: the first release whose include/linux/lsm_hook_defs.h
 * (hooks) or fs/, kernel/ sources (kfuncs) have the name. Distributions may have it earlier, so nothing is decided by this.
 */
final class MinimumKernels {
    private static final Map<String, KernelVersion> HOOKS = Map.ofEntries(
            since("userns_create", 6, 1),
            since("uring_cmd", 6, 1),
            since("file_truncate", 6, 2),
            since("inode_set_acl", 6, 2),
            since("inode_get_acl", 6, 2),
            since("inode_remove_acl", 6, 2),
            since("file_ioctl_compat", 6, 8),
            since("file_post_open", 6, 9),
            since("inode_post_setxattr", 6, 9),
            since("bpf_prog_load", 6, 9),
            since("bpf_map_create", 6, 9),
            since("bpf_token_create", 6, 9),
            since("bpf_token_cmd", 6, 9),
            since("bpf_token_capable", 6, 9),
            since("inode_xattr_skipcap", 6, 11),
            since("bdev_setintegrity", 6, 12),
            since("inode_file_setattr", 6, 17),
            since("inode_file_getattr", 6, 17));

    private static final Map<String, KernelVersion> FUNCTIONS = Map.ofEntries(
            since("bpf_lookup_user_key", 6, 1),
            since("bpf_lookup_system_key", 6, 1),
            since("bpf_key_put", 6, 1),
            since("bpf_verify_pkcs7_signature", 6, 1),
            since("bpf_get_file_xattr", 6, 8),
            since("bpf_get_fsverity_digest", 6, 8),
            since("bpf_get_dentry_xattr", 6, 12),
            since("bpf_get_task_exe_file", 6, 12),
            since("bpf_put_file", 6, 12),
            since("bpf_path_d_path", 6, 12),
            since("bpf_set_dentry_xattr", 6, 15),
            since("bpf_remove_dentry_xattr", 6, 15),
            since("bpf_cgroup_read_xattr", 6, 17));

    private MinimumKernels() {}

    private static Map.Entry<String, KernelVersion> since(String name, int major, int minor) {
        return Map.entry(name, new KernelVersion(major, minor, 0));
    }

    static Optional<KernelVersion> of(String name) {
        return Optional.ofNullable(HOOKS.getOrDefault(name, FUNCTIONS.get(name)));
    }

    /** The minimum of a hook, kfunc, program type or map type; empty when unknown. */
    static Optional<KernelVersion> of(Namespace namespace, String name) {
        return switch (namespace) {
            case HOOK -> Optional.ofNullable(HOOKS.get(name));
            case KFUNC, FUNCTION -> Optional.ofNullable(FUNCTIONS.get(name));
            case PROGRAM -> BpfTypes.programSince(name);
            case MAP -> BpfTypes.mapSince(name);
            case LSM, SETTING, LIBBPF -> Optional.empty();
        };
    }

    /** The hooks whose minimum is known. */
    static Set<String> hooks() {
        return HOOKS.keySet();
    }

    /** The kfuncs whose minimum is known. */
    static Set<String> kfuncs() {
        return FUNCTIONS.keySet();
    }

    /** The end of a message; empty when unknown. */
    static String words(String name) {
        return of(name).map(v -> "; it takes kernel " + v + " or later").orElse("");
    }
}
