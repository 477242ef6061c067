// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Objects;

/**
 * A compiled BPF object somewhere in a bundle: bytes with a name, not yet looked at.
 *
 * @param name how errors call it, for example {@code file_guard.bpf.o}
 * @param url where its bytes are
 */
public record ProgramSource(String name, URL url) {
    /** An object larger than this is refused unread. */
    public static final int MAX_BYTES = 64 << 20;

    /** @throws NullPointerException when either part is null */
    public ProgramSource {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(url, "url");
    }

    /**
     * An object among a class's resources.
     *
     * @param owner the class beside whose bundle root the resource lies
     * @param resource absolute resource name without leading slash, for example {@code bpf/file_guard.bpf.o}
     * @throws ObjectFormatException if there is no such resource
     */
    public static ProgramSource resource(Class<?> owner, String resource) {
        URL url = owner.getClassLoader().getResource(resource);
        if (url == null) {
            throw new ObjectFormatException(resource, "not in the bundle of " + owner.getName()
                    + "; was the BPF object built?");
        }
        return new ProgramSource(resource.substring(resource.lastIndexOf('/') + 1), url);
    }

    /**
     * Reads the whole object.
     *
     * @throws ObjectFormatException if it cannot be read or is larger than {@link #MAX_BYTES}
     */
    public byte[] read() {
        try (InputStream in = url.openStream()) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new ObjectFormatException(name, "larger than " + MAX_BYTES + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw new ObjectFormatException(name, "cannot be read from " + url + ": " + e.getMessage(), e);
        }
    }
}
