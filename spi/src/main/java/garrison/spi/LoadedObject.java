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
}
