// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Handle;
import garrison.framework.libbpf.Libbpf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A program that libbpf loaded.
 *
 * @param libbpf whose
 * @param program {@code struct bpf_program *}
 */
public record LibbpfProgram(Libbpf libbpf, MemorySegment program) implements LoadedProgram {
    /** struct bpf_kprobe_opts of libbpf 1.0: sz, bpf_cookie, offset, retprobe. */
    private static final int KPROBE_OPTIONS = 32;
    /** struct bpf_iter_attach_opts: sz, link_info, link_info_len. */
    private static final int ITERATOR_OPTIONS = 24;

    private HeldLink held(Handle made) {
        if (made.failed()) {
            return HeldLink.failed(made.errno());
        }
        MemorySegment link = made.address();
        return new HeldLink(libbpf.linkFd(link), 0, () -> libbpf.linkDestroy(link));
    }

    @Override
    public int fd() {
        return libbpf.programFd(program);
    }

    @Override
    public HeldLink attach() {
        return held(libbpf.programAttach(program));
    }

    @Override
    public HeldLink attachTrace() {
        return held(libbpf.programAttachTrace(program));
    }

    @Override
    public HeldLink attachIterator(MemorySegment filter) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment options = scratch.allocate(ITERATOR_OPTIONS, 8);
            options.set(JAVA_LONG, 0, ITERATOR_OPTIONS);
            options.set(ADDRESS, 8, filter);
            options.set(JAVA_INT, 16, (int) filter.byteSize());
            return held(libbpf.programAttachIter(program, options));
        }
    }

    @Override
    public HeldLink attachCgroup(int cgroup) {
        return held(libbpf.programAttachCgroup(program, cgroup));
    }

    @Override
    public HeldLink attachPerfEvent(int event) {
        return held(libbpf.programAttachPerfEvent(program, event));
    }

    @Override
    public HeldLink attachKprobe(String function, long offset, long cookie) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment options = scratch.allocate(KPROBE_OPTIONS, 8);
            options.set(JAVA_LONG, 0, KPROBE_OPTIONS);
            options.set(JAVA_LONG, 8, cookie);
            options.set(JAVA_LONG, 16, offset);
            return held(libbpf.programAttachKprobe(program, scratch.allocateFrom(function), options));
        }
    }
}
