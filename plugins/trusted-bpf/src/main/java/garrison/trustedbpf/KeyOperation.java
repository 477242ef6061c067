// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import java.util.Arrays;
import java.util.Locale;

/** Operations of keyctl(2) that change a key, take it away, or keep others from it. */
enum KeyOperation {
    UPDATE(2), REVOKE(3), CHOWN(4), SETPERM(5), CLEAR(7), LINK(8), UNLINK(9), INSTANTIATE(12), NEGATE(13), SET_TIMEOUT(15),
    REJECT(19), INSTANTIATE_IOV(20), INVALIDATE(21), RESTRICT_KEYRING(29), MOVE(30);

    /** All of them: of a keyring with certificates, and of these. */
    static final long OWN = bits(values());
    /** Those by which the keyring that keeps ours would lose them, or take no more; what else lies in it is nobody's business. */
    static final long KEEPER = bits(REVOKE, CHOWN, SETPERM, CLEAR, SET_TIMEOUT, INVALIDATE, RESTRICT_KEYRING);

    private final int number;

    KeyOperation(int number) {
        this.number = number;
    }

    private static long bits(KeyOperation... operations) {
        return Arrays.stream(operations).mapToLong(operation -> 1L << operation.number).reduce(0, (a, b) -> a | b);
    }

    /** As events write it: {@code unlink}; {@code operation_40} for one that is not here. */
    static String word(int number) {
        return Arrays.stream(values()).filter(operation -> operation.number == number).map(o -> o.name().toLowerCase(Locale.ROOT))
                .findFirst().orElse("operation_" + number);
    }
}
