// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.security.cert.X509Certificate;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Hands certificates to the kernel, for programs that have it check signatures ({@code bpf_verify_pkcs7_signature}). */
@ProviderType
public interface Keyrings {
    /**
     * Makes a keyring that nobody can add to or take from any more, root neither.
     *
     * @param certificates whose signatures are good by it
     * @throws KernelException if the kernel takes no certificate of this kind, or no more keys
     */
    Keyring create(List<X509Certificate> certificates);

    /** A keyring in the kernel. It stays until closed, however the process ends: pinned programs go on asking it. */
    @ProviderType
    interface Keyring extends AutoCloseable {
        /** What {@code bpf_lookup_user_key} takes; positive. */
        int serial();

        /** Serials of the certificates' keys in it. */
        List<Integer> keys();

        /** Serial of the keyring that keeps it: who clears that one loses it. */
        int keeper();

        /** Gives it up: signatures are checked by it no more. */
        @Override
        void close();
    }
}
