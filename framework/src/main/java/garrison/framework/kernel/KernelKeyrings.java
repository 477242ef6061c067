// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import garrison.framework.libbpf.KeyCalls;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.Owner;
import garrison.spi.Keyrings;
import garrison.spi.KernelException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keyrings below that of the user (root's, so that they outlive the process). They are restricted, and the right to change them
 * or their rights is given up last, so that nobody has it again. What is left is to remove one as a whole, by which nobody
 * comes to be trusted. Safe for use by several threads.
 */
public final class KernelKeyrings implements Keyrings {
    private static final int VIEW = 0x01;
    private static final int READ = 0x02;
    private static final int SEARCH = 0x08;
    private static final int POSSESSOR = 24;
    private static final int USER = 16;
    /** Searching is what the kernel's check of a signature does, as a possessor. */
    private static final int PERMISSIONS = (VIEW | READ | SEARCH) << POSSESSOR | (VIEW | READ) << USER;
    private static final int ENOPKG = 65;
    private static final int EBADMSG = 74;
    private static final int EDQUOT = 122;
    private static final AtomicLong MADE = new AtomicLong();

    private final Owner owner;

    /** For a plugin's certificates. */
    public KernelKeyrings(Owner owner) {
        this.owner = owner;
    }

    @Override
    public Keyring create(List<X509Certificate> certificates) {
        // A second keyring of a name takes the first one's place.
        String name = "garrison-" + ProcessHandle.current().pid() + "-" + MADE.incrementAndGet();
        // Only what this thread possesses can it add to; the process's own keyring it always does.
        int serial = checked(KeyCalls.addKeyring(name, KeyCalls.PROCESS_KEYRING), "making the keyring " + name);
        List<Integer> keys = new ArrayList<>();
        int keeper;
        try {
            keeper = checked(KeyCalls.serial(KeyCalls.USER_KEYRING), "asking for the user's keyring, to keep " + name + " in");
            for (X509Certificate certificate : certificates) {
                String words = "adding the certificate " + certificate.getSubjectX500Principal().getName() + " to keyring " + name;
                int key = checked(KeyCalls.addCertificate(encoded(certificate), serial), words);
                checked(KeyCalls.setPermissions(key, PERMISSIONS), words);
                keys.add(key);
            }
            checked(KeyCalls.restrict(serial), "restricting the keyring " + name);
            checked(KeyCalls.link(serial, KeyCalls.USER_KEYRING), "keeping the keyring " + name);
            checked(KeyCalls.setPermissions(serial, PERMISSIONS), "sealing the keyring " + name);
            checked(KeyCalls.unlink(serial, KeyCalls.PROCESS_KEYRING), "letting go of the keyring " + name);
        } catch (RuntimeException e) {
            // Either may not be linked yet, or any more; what matters is told already.
            KeyCalls.unlink(serial, KeyCalls.PROCESS_KEYRING);
            KeyCalls.unlink(serial, KeyCalls.USER_KEYRING);
            throw e;
        }
        return new Made(serial, List.copyOf(keys), keeper);
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was parsed has an encoding", e);
        }
    }

    private int checked(int result, String words) {
        if (result < 0) {
            throw new KernelException("plugin " + owner.plugin() + ", kernel " + owner.kernelRelease() + ": " + words + ": "
                    + Libc.strerror(-result) + remedy(-result), -result);
        }
        return result;
    }

    private static String remedy(int errno) {
        return switch (errno) {
            case EDQUOT -> "; its user has as many keys as it may have: raise kernel.keys.root_maxkeys and root_maxbytes (sysctl),"
                    + " or remove keys that nobody needs (/proc/keys, /proc/key-users)";
            case ENOPKG, EBADMSG -> "; the kernel takes X.509 certificates of RSA keys with SHA-256: garrison trust init makes one";
            default -> "";
        };
    }

    private record Made(int serial, List<Integer> keys, int keeper) implements Keyring {
        @Override
        public void close() {
            // Gone already when somebody else removed it: nothing is left to give up.
            KeyCalls.unlink(serial, KeyCalls.USER_KEYRING);
        }
    }
}
