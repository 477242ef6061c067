// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.spi.KernelVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names of the program and map types by their number, which is kernel ABI: {@code enum bpf_prog_type} and
 * {@code enum bpf_map_type} of include/uapi/linux/bpf.h, without their prefixes and in lower case.
 */
final class BpfTypes {
    /** Index is the number. As of kernel 6.18. */
    static final List<String> PROGRAMS = List.of("unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp",
            "perf_event", "cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "cgroup_device",
            "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2", "sk_reuseport", "flow_dissector",
            "cgroup_sysctl", "raw_tracepoint_writable", "cgroup_sockopt", "tracing", "struct_ops", "ext", "lsm", "sk_lookup",
            "syscall", "netfilter");
    /** Index is the number. As of kernel 6.18. */
    static final List<String> MAPS = List.of("unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash",
            "percpu_array", "stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps",
            "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray",
            "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage",
            "task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena");

    /** Program types that came after 5.8, which everything here needs anyway. */
    private static final Map<String, KernelVersion> PROGRAM_SINCE = Map.of(
            "sk_lookup", new KernelVersion(5, 9, 0),
            "syscall", new KernelVersion(5, 14, 0),
            "netfilter", new KernelVersion(6, 4, 0));
    private static final Map<String, KernelVersion> MAP_SINCE = Map.of(
            "inode_storage", new KernelVersion(5, 10, 0),
            "task_storage", new KernelVersion(5, 11, 0),
            "bloom_filter", new KernelVersion(5, 16, 0),
            "user_ringbuf", new KernelVersion(6, 1, 0),
            "cgrp_storage", new KernelVersion(6, 2, 0),
            "arena", new KernelVersion(6, 9, 0));

    /** By the first part of a section's name, as libbpf's own table has it. */
    private static final Map<String, String> PROGRAM_OF_SECTION = Map.ofEntries(
            Map.entry("lsm", "lsm"), Map.entry("lsm_cgroup", "lsm"),
            Map.entry("fentry", "tracing"), Map.entry("fexit", "tracing"), Map.entry("fmod_ret", "tracing"),
            Map.entry("tp_btf", "tracing"), Map.entry("iter", "tracing"), Map.entry("freplace", "ext"),
            Map.entry("kprobe", "kprobe"), Map.entry("kretprobe", "kprobe"), Map.entry("kprobe.multi", "kprobe"),
            Map.entry("kretprobe.multi", "kprobe"), Map.entry("ksyscall", "kprobe"), Map.entry("kretsyscall", "kprobe"),
            Map.entry("uprobe", "kprobe"), Map.entry("uretprobe", "kprobe"), Map.entry("usdt", "kprobe"),
            Map.entry("tp", "tracepoint"), Map.entry("tracepoint", "tracepoint"),
            Map.entry("raw_tp", "raw_tracepoint"), Map.entry("raw_tracepoint", "raw_tracepoint"),
            Map.entry("raw_tp.w", "raw_tracepoint_writable"), Map.entry("raw_tracepoint.w", "raw_tracepoint_writable"),
            Map.entry("perf_event", "perf_event"), Map.entry("syscall", "syscall"), Map.entry("netfilter", "netfilter"),
            Map.entry("cgroup/sysctl", "cgroup_sysctl"), Map.entry("cgroup/dev", "cgroup_device"), Map.entry("xdp", "xdp"),
            Map.entry("socket", "socket_filter"), Map.entry("sockops", "sock_ops"), Map.entry("sk_msg", "sk_msg"),
            Map.entry("struct_ops", "struct_ops"), Map.entry("tc", "sched_cls"), Map.entry("sk_lookup", "sk_lookup"));

    private BpfTypes() {}

    /** The type of a program by its section; empty for sections that are not known here. */
    static Optional<String> program(String kind, String target) {
        return Optional.ofNullable(PROGRAM_OF_SECTION.getOrDefault(kind, PROGRAM_OF_SECTION.get(kind + "/" + target)));
    }

    /** The type of a program by its number; the number itself where it is not known here. */
    static String programName(int type) {
        return type > 0 && type < PROGRAMS.size() ? PROGRAMS.get(type) : String.valueOf(type);
    }

    /** The type of a map by its number; empty for numbers that are not known here. */
    static Optional<String> map(int type) {
        return type > 0 && type < MAPS.size() ? Optional.of(MAPS.get(type)) : Optional.empty();
    }

    static Optional<KernelVersion> programSince(String name) {
        return Optional.ofNullable(PROGRAM_SINCE.get(name));
    }

    static Optional<KernelVersion> mapSince(String name) {
        return Optional.ofNullable(MAP_SINCE.get(name));
    }
}
