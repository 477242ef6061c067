// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** What a loader program works on: parts one behind the other, each at a multiple of eight bytes. */
final class Metadata {
    private static final int ALIGNMENT = 8;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Where the part begins. */
    int add(byte[] part) {
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(0);
        }
        int at = bytes.size();
        bytes.writeBytes(part);
        return at;
    }

    /** With the NUL behind it. */
    int add(String text) {
        return add((text + "\0").getBytes(StandardCharsets.UTF_8));
    }

    /** The whole, its size a multiple of eight, as the kernel's arrays have it. */
    byte[] bytes() {
        add(new byte[0]);
        return bytes.toByteArray();
    }

    /** Zeroed memory in the kernel's byte order. */
    static ByteBuffer words(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
