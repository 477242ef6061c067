// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.nio.file.Path;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Reads files that say what a plugin is to trust, by the signatures that lie beside them. */
@ProviderType
public interface Signatures {
    /**
     * Reads a file and checks its signature, {@code FILE.p7s}, as the section {@code garrison.trust} says: of the configuration that
     * the session was handed last. A signature that is there must fit and be an anchor's; a file without one is refused where
     * signatures are required.
     *
     * @param file of at most 16 MiB; symbolic links are followed, and the signature lies where they lead
     * @return what is in it, the very bytes that were looked at
     * @throws GarrisonException if it is not trusted, with the reason and the certificates wanted; or if it cannot be read
     */
    Signed read(Path file);

    /**
     * A file that is trusted.
     *
     * @param bytes its content; not copied
     * @param signer who signed it, in words; empty if no signature was looked at
     */
    record Signed(byte[] bytes, Optional<String> signer) {}
}
