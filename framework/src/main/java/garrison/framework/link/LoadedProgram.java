// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import java.lang.foreign.MemorySegment;

/** A program in the kernel, and the ways to attach it. Valid as long as the object that it belongs to. */
public interface LoadedProgram {
    /** Its file descriptor. */
    int fd();

    /** Attaches it as its section says. */
    HeldLink attach();

    /** Attaches it where it was put instead. */
    HeldLink attachTrace();

    /** Attaches an iterator. @param filter {@code union bpf_iter_link_info} */
    HeldLink attachIterator(MemorySegment filter);

    /** Attaches it to a cgroup. @param cgroup an open folder */
    HeldLink attachCgroup(int cgroup);

    /** Attaches it to a perf event. @param event a descriptor that the link owns from then on, unless it failed */
    HeldLink attachPerfEvent(int event);

    /** Attaches a kprobe inside a function. @param offset in bytes, from the function's start */
    HeldLink attachKprobe(String function, long offset, long cookie);
}
