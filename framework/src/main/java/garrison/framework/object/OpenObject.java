// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.libbpf.Libbpf;
import garrison.spi.ObjectSetup;
import garrison.spi.ProgramInfo;
import java.util.List;

/** An object that libbpf has opened and the kernel has not seen. */
public final class OpenObject implements ObjectSetup, AutoCloseable {
    private OpenObject() {}

    /**
     * Opens an object.
     *
     * @param spec of the same bytes
     * @param elf the whole file
     * @param owner named in every error
     * @throws garrison.spi.KernelException if libbpf refuses it
     */
    public static OpenObject open(Libbpf libbpf, BpfSpec spec, byte[] elf, Owner owner) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<ProgramInfo> programs() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void load(String program, boolean load) {
        throw new UnsupportedOperationException();
    }

    /** Whether a program is to be loaded as things stand. */
    public boolean loads(String program) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void constant(String variable, long value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void maxEntries(String map, int entries) {
        throw new UnsupportedOperationException();
    }

    /**
     * Loads maps and programs into the kernel. This open object is used up, whatever the outcome.
     *
     * @throws garrison.spi.VerifierException if the verifier rejects a program
     * @throws garrison.spi.KernelException if something else fails
     */
    public LoadedBpfObject load() {
        throw new UnsupportedOperationException();
    }

    /** Frees it; does nothing after {@link #load()}. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
