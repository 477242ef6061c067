// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Type information: of an object ({@code .BTF}) or of the kernel ({@code /sys/kernel/btf/vmlinux}). */
public final class Btf {
    private Btf() {}

    /**
     * Reads raw BTF.
     *
     * @param name how errors call it
     * @throws garrison.spi.ObjectFormatException if it is not well formed
     */
    public static Btf parse(String name, byte[] raw) {
        throw new UnsupportedOperationException();
    }

    /** A struct or union with all its fields; structs that are only declared do not count. */
    public Optional<BtfStruct> struct(String name) {
        throw new UnsupportedOperationException();
    }

    /** Whether a struct of this name is defined. */
    public boolean hasStruct(String name) {
        throw new UnsupportedOperationException();
    }

    /** A function's prototype. */
    public Optional<BtfFunction> function(String name) {
        throw new UnsupportedOperationException();
    }

    /** Whether a function of this name is described. */
    public boolean hasFunction(String name) {
        throw new UnsupportedOperationException();
    }

    /** An enum's constants in order. */
    public Optional<Map<String, Long>> enumValues(String name) {
        throw new UnsupportedOperationException();
    }

    /** The variables of a data section; empty if there is none of that name. */
    public List<BtfVariable> variables(String section) {
        throw new UnsupportedOperationException();
    }
}
