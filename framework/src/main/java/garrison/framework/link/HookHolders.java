// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Who holds the places of a hook that takes no more programs: a walk over all links of the kernel, for an error message. */
final class HookHolders {
    /** struct bpf_prog_info up to attach_btf_id, which it has since 6.0. */
    private static final int PROGRAM_SIZE = 232;
    private static final long PROGRAM_NAME = 64;
    private static final long PROGRAM_FUNCTION = 224;
    /** struct bpf_link_info: type, id, prog_id, and of a tracing link's part the target_btf_id. */
    private static final int LINK_SIZE = 64;
    private static final long LINK_PROGRAM = 8;
    private static final long LINK_FUNCTION = 24;
    private static final int LINK_TRACING = 2;

    private HookHolders() {}

    /**
     * Names the programs attached where a program wants to be.
     *
     * @param programFd of the one that was refused
     * @return for example {@code 38 programs hold it: guard_file_open (program 17), …}; empty if the kernel does not tell
     */
    static String words(Libbpf libbpf, int programFd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment program = scratch.allocate(PROGRAM_SIZE, 8);
            if (libbpf.infoByFd(programFd, program) < 0 || program.get(JAVA_INT, PROGRAM_FUNCTION) == 0) {
                return "";
            }
            int function = program.get(JAVA_INT, PROGRAM_FUNCTION);
            List<String> holders = new ArrayList<>();
            int id = libbpf.nextLink(0);
            while (id > 0) {
                holder(libbpf, id, function, holders);
                id = libbpf.nextLink(id);
            }
            return holders.isEmpty() ? "" : holders.size() + " programs hold it: " + String.join(", ", holders);
        }
    }

    private static void holder(Libbpf libbpf, int id, int function, List<String> holders) {
        int fd = libbpf.linkById(id);
        if (fd < 0) {
            return; // it went meanwhile
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment link = scratch.allocate(LINK_SIZE, 8);
            if (libbpf.infoByFd(fd, link) >= 0 && link.get(JAVA_INT, 0) == LINK_TRACING
                    && link.get(JAVA_INT, LINK_FUNCTION) == function) {
                int program = link.get(JAVA_INT, LINK_PROGRAM);
                holders.add(name(libbpf, program) + " (program " + program + ")");
            }
        } finally {
            Libc.close(fd);
        }
    }

    private static String name(Libbpf libbpf, int program) {
        int fd = libbpf.programById(program);
        if (fd < 0) {
            return "?";
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(PROGRAM_SIZE, 8);
            return libbpf.infoByFd(fd, info) < 0 ? "?" : info.getString(PROGRAM_NAME);
        } finally {
            Libc.close(fd);
        }
    }
}
