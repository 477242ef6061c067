// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import garrison.framework.trust.SigningKey;
import java.time.Duration;

/** Keys that several tests use: making one takes ten seconds in an emulated guest. */
final class Keys {
    /** Whose loaders are good. */
    static final SigningKey LOADERS = SigningKey.create("loaders", Duration.ofDays(1));
    /** Of which the policy begins by knowing nothing. */
    static final SigningKey FOREIGN = SigningKey.create("foreign", Duration.ofDays(1));
    /** Which the policy revokes. */
    static final SigningKey REVOKED = SigningKey.create("revoked", Duration.ofDays(1));
    /** Whose certificate in the policy has run out. */
    static final SigningKey EXPIRED = SigningKey.create("expired", Duration.ofDays(1));

    private Keys() {}
}
