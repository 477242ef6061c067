// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Puts acts into words. Called on the reader's thread. */
final class AlterationWriter {
    private static final int SHA256_BYTES = 32;
    /** What bpf_ima_file_hash returns for SHA-256: enum hash_algo. */
    private static final int SHA256 = 4;
    private static final Map<Integer, String> SOCKET_OPTIONS = Map.of(26, "SO_ATTACH_FILTER", 27, "SO_DETACH_FILTER", 44, "SO_LOCK_FILTER",
            50, "SO_ATTACH_BPF", 51, "SO_ATTACH_REUSEPORT_CBPF", 52, "SO_ATTACH_REUSEPORT_EBPF");
    private static final Map<Integer, String> PTRACE_REQUESTS = Map.of(4, "PTRACE_POKETEXT", 5, "PTRACE_POKEDATA", 6, "PTRACE_POKEUSER",
            13, "PTRACE_SETREGS", 15, "PTRACE_SETFPREGS", 0x4205, "PTRACE_SETREGSET");

    private AlterationWriter() {}

    static KernelAltered write(AlterationRecord record, Instant time) {
        Action action = Action.of(record.action());
        String command = switch (action) {
            case BPF -> BpfCommand.name(record.command());
            case SOCKET_FILTER -> SOCKET_OPTIONS.getOrDefault(record.command(), "option " + record.command());
            case PTRACE_ALTER -> PTRACE_REQUESTS.getOrDefault(record.command(), "request " + record.command());
            default -> "";
        };
        boolean hidden = action == Action.MODULE_HIDDEN;
        boolean ptrace = action == Action.PTRACE_ACCESS || action == Action.PTRACE_TRACEME || action == Action.PTRACE_ALTER;
        return new KernelAltered(SyscallTable.NAME, time, hidden ? Severity.ALARM : Severity.NOTICE, action, command,
                object(action, record), record.kind(), record.id(), record.address() == 0 ? "" : Long.toHexString(record.address()),
                Owner.of(record.owner()), record.owner(), hash(action, record), helpers(action, record),
                record.oldValue().stripTrailing(), action == Action.SYSCTL_WRITE ? MemoryWriter.text(record.newValue()).stripTrailing() : "",
                ptrace ? record.other() : 0, record.result(), record.hasResult() != 0, record.tgid(), record.pid(), record.ppid(),
                Integer.toUnsignedLong(record.uid()), Integer.toUnsignedLong(record.euid()), Integer.toUnsignedLong(record.gid()),
                Long.toHexString(record.capabilities()), record.comm(), record.cgroup(), container(record.tgid()));
    }

    private static String object(Action action, AlterationRecord record) {
        return switch (action) {
            case UPROBE_REGISTER, UPROBE_UNREGISTER -> "inode " + record.id() + " of device " + (record.other() >>> 20) + ":"
                    + (record.other() & 0xfffff);
            default -> record.name();
        };
    }

    private static String hash(Action action, AlterationRecord record) {
        boolean has = action == Action.MODULE_LOAD && record.command() == SHA256;
        return has ? HexFormat.of().formatHex(record.newValue(), 0, SHA256_BYTES) : "";
    }

    private static List<Integer> helpers(Action action, AlterationRecord record) {
        if (action != Action.BPF) {
            return List.of();
        }
        List<Integer> all = new ArrayList<>();
        ByteBuffer bits = ByteBuffer.wrap(record.helpers()).order(ByteOrder.nativeOrder());
        for (int i = 0; i < bits.capacity() * Byte.SIZE; i++) {
            if ((bits.getLong(i / Long.SIZE * Long.BYTES) >>> i % Long.SIZE & 1) != 0) {
                all.add(i);
            }
        }
        return all;
    }

    /** The path below the cgroup file system's root, as long as the process lives. */
    private static String container(int pid) {
        if (pid == 0) {
            return "";
        }
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))) {
                if (line.startsWith("0::")) {
                    return line.substring(3);
                }
            }
        } catch (IOException e) {
            return ""; // it has ended
        }
        return "";
    }
}
