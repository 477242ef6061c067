// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

/** An attached program. Closing detaches it; closing twice does nothing. */
public interface Link extends AutoCloseable {
    /** The program's name. */
    String program();

    /** The program's kind, for example {@code lsm}. */
    String kind();

    /** What it is attached to: the LSM hook, function or iterator; empty when the section names none. */
    String target();

    /** How it is attached: {@code lsm}, {@code lsm.s}, {@code fmod_ret/security_file_open}, … */
    String strategy();

    /** The kernel's id of this link, as bpftool shows it. */
    long id();

    /**
     * Gives the link a name in a BPF file system, by which it outlives this process. {@link #close} takes the name away first.
     *
     * @throws IllegalStateException if it has one, or is closed
     * @throws garrison.spi.KernelException if the kernel refuses
     */
    void pin(PinnedRun run);

    /** Pins it, and gives up what this process holds of it: it stays attached until its name is taken away. */
    void leave(PinnedRun run);

    /**
     * Runs an iterator program to its end.
     *
     * @return all that it wrote
     * @throws IllegalStateException if this is no iterator's link, or closed
     * @throws garrison.spi.KernelException if the kernel fails
     */
    byte[] readAll();

    @Override
    void close();
}
