// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import garrison.framework.trust.SigningKey;
import garrison.itests.Command;
import garrison.itests.Guest;
import java.nio.file.Path;

/** Keys that several tests use. Made by openssl: Java takes ten seconds for each in an emulated guest. */
final class Keys {
    /** Whose loaders are good. */
    static final SigningKey LOADERS = make("loaders");
    /** Of which the policy begins by knowing nothing. */
    static final SigningKey FOREIGN = make("foreign");
    /** Which the policy revokes. */
    static final SigningKey REVOKED = make("revoked");
    /** Whose certificate in the policy has run out. */
    static final SigningKey EXPIRED = make("expired");

    private Keys() {}

    private static SigningKey make(String name) {
        Path folder = Guest.scratch("keys");
        String key = folder.resolve("key").toString();
        String certificate = folder.resolve("certificate").toString();
        Command.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
                "-subj", "/CN=" + name, "-addext", "keyUsage=digitalSignature", "-addext", "subjectKeyIdentifier=hash").success();
        return SigningKey.read(Path.of(key), Path.of(certificate));
    }
}
