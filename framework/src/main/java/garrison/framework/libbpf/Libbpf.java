// SPDX-License-Identifier: Apache-2.0
package garrison.framework.libbpf;

/** The loaded libbpf.so.1. */
public final class Libbpf {
    private Libbpf() {}

    /**
     * Finds libbpf.
     *
     * @throws garrison.spi.GarrisonException if there is none, or Java may not call it
     */
    public static Libbpf open() {
        throw new UnsupportedOperationException();
    }

    /** The library's version, for example {@code v1.1}. */
    public String version() {
        throw new UnsupportedOperationException();
    }

    /** Whether this libbpf has a function, for example {@code ring__consume_n}. */
    public boolean has(String symbol) {
        throw new UnsupportedOperationException();
    }
}
