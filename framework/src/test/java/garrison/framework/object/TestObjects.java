// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

import garrison.spi.ProgramSource;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The compiled objects of {@code bpf/test_*.bpf.c}, and ways to damage them. */
public final class TestObjects {
    private TestObjects() {}

    /** Runs on any machine: system-call programs, maps of every kind, constants. */
    public static byte[] object() {
        return read("test_object.bpf.o");
    }

    /** Needs LSM hooks and kernel functions. */
    public static byte[] needs() {
        return read("test_needs.bpf.o");
    }

    /** Many small LSM programs. */
    public static byte[] many() {
        return read("test_many.bpf.o");
    }

    private static byte[] read(String name) {
        return ProgramSource.resource(TestObjects.class, "bpf/" + name).read();
    }

    /** A copy in which one text stands for another of the same length, at its first place. */
    public static byte[] replace(byte[] elf, String text, String other) {
        byte[] from = text.getBytes(StandardCharsets.US_ASCII);
        byte[] to = other.getBytes(StandardCharsets.US_ASCII);
        if (from.length != to.length) {
            throw new IllegalArgumentException(text + " and " + other + " differ in length");
        }
        for (int at = 0; at + from.length <= elf.length; at++) {
            if (Arrays.equals(elf, at, at + from.length, from, 0, from.length)) {
                byte[] copy = elf.clone();
                System.arraycopy(to, 0, copy, at, to.length);
                return copy;
            }
        }
        throw new IllegalArgumentException("no '" + text + "' in the object");
    }
}
