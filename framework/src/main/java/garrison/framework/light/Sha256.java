// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;

/** The digest that the kernel takes of programs and maps. */
final class Sha256 {
    private Sha256() {}

    static byte[] of(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
