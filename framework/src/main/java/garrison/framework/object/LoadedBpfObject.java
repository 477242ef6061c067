// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.framework.btf.Btf;
import garrison.framework.link.Link;
import garrison.spi.BpfMap;
import garrison.spi.LoadedObject;
import garrison.spi.ProgramInfo;
import java.util.List;

/** An object in the kernel. Closing it does not detach: close its links first. */
public final class LoadedBpfObject implements LoadedObject, AutoCloseable {
    private LoadedBpfObject() {}

    @Override
    public List<ProgramInfo> programs() {
        throw new UnsupportedOperationException();
    }

    @Override
    public BpfMap map(String name) {
        throw new UnsupportedOperationException();
    }

    /**
     * The file descriptor of a map, owned by this object.
     *
     * @throws IllegalArgumentException if there is no such map
     */
    public int mapFd(String name) {
        throw new UnsupportedOperationException();
    }

    /** Whether the object declares a map of this name. */
    public boolean hasMap(String name) {
        throw new UnsupportedOperationException();
    }

    /** The object's own type information. */
    public Btf btf() {
        throw new UnsupportedOperationException();
    }

    /** Who owns it. */
    public Owner owner() {
        throw new UnsupportedOperationException();
    }

    /** The kernel's id of a loaded program, as bpftool shows it. */
    public long programId(String program) {
        throw new UnsupportedOperationException();
    }

    /**
     * Attaches a program as its section says.
     *
     * @throws garrison.spi.KernelException if the kernel refuses
     */
    public Link attach(ProgramInfo program) {
        throw new UnsupportedOperationException();
    }

    /**
     * Runs a {@code SEC("syscall")} program once.
     *
     * @param context copied in and out; may be empty
     * @return the program's return value
     * @throws garrison.spi.KernelException if the kernel refuses
     */
    public int runSyscallProgram(String program, byte[] context) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
