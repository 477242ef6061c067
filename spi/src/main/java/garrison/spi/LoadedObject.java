// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** An object in the kernel: verified, its maps live. Attaching and detaching stay the framework's. */
@ProviderType
public interface LoadedObject {
    /** The programs that were loaded. */
    List<ProgramInfo> programs();

    /**
     * A map by the name it has in the object.
     *
     * @throws IllegalArgumentException if there is none, naming those there are
     */
    BpfMap map(String name);

    /**
     * Runs a {@code SEC("syscall")} program once: for what only the kernel can look up, or begin.
     *
     * @param program its name
     * @param context copied in and out; may be empty
     * @return what the program returned
     * @throws IllegalArgumentException if it is not loaded
     * @throws KernelException if the kernel refuses
     * @since kernel 5.14
     */
    int run(String program, byte[] context);

    /**
     * Attaches a {@code SEC("?kprobe")} program inside a function, besides the programs that the framework attaches. The plugin keeps
     * such attachments and closes them, at the latest in {@link PluginSession#close}; they are not pinned and end with the process.
     *
     * @param program its name; it is left out of {@link PolicyChange#programs}
     * @param function a kernel function
     * @param offset of an instruction in it, in bytes
     * @param cookie what {@code bpf_get_attach_cookie()} gives the program there
     * @throws IllegalArgumentException if the program is not loaded
     * @throws KernelException if the kernel refuses: with EILSEQ where no instruction begins, EINVAL or EOPNOTSUPP where it allows
     *     none, ENOENT where it has no kprobes or no such function
     * @since kernel 5.15
     */
    Attachment attachAt(String program, String function, long offset, long cookie);

    /** A program at one place. Closing detaches it; closing twice does nothing. */
    @ProviderType
    interface Attachment extends AutoCloseable {
        @Override
        void close();
    }
}
