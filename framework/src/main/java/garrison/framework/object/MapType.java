// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

/** The numbers of {@code enum bpf_map_type} that matter to user space here; they are kernel ABI. */
public final class MapType {
    public static final int HASH = 1;
    public static final int ARRAY = 2;
    public static final int PROG_ARRAY = 3;
    public static final int PERCPU_HASH = 5;
    public static final int PERCPU_ARRAY = 6;
    public static final int LRU_HASH = 9;
    public static final int LRU_PERCPU_HASH = 10;
    public static final int LPM_TRIE = 11;
    public static final int ARRAY_OF_MAPS = 12;
    public static final int HASH_OF_MAPS = 13;
    public static final int PERCPU_CGROUP_STORAGE = 21;
    public static final int RINGBUF = 27;
    public static final int INODE_STORAGE = 28;
    public static final int TASK_STORAGE = 29;

    private MapType() {}

    /** Whether a look-up yields one value for each possible CPU. */
    public static boolean perCpu(int type) {
        return type == PERCPU_HASH || type == PERCPU_ARRAY || type == LRU_PERCPU_HASH || type == PERCPU_CGROUP_STORAGE;
    }

    /** Whether the values are other maps. */
    public static boolean ofMaps(int type) {
        return type == ARRAY_OF_MAPS || type == HASH_OF_MAPS;
    }
}
