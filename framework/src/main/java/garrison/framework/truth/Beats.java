// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@code struct garrison_beats}: one look at the counters.
 *
 * @param actsNanos when the tracepoint last saw an act, nanoseconds since boot
 * @param acts acts that the tracepoint saw
 * @param lsm of these, seen by the LSM program; the others alike
 */
record Beats(long actsNanos, long acts, long lsm, long trampoline, long kprobe) {
    private static final int THREAD_SIZE = Long.BYTES;

    static Beats of(byte[] value) {
        ByteBuffer fields = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).position(THREAD_SIZE);
        return new Beats(fields.getLong(), fields.getLong(), fields.getLong(), fields.getLong(), fields.getLong());
    }

    long of(Mechanism mechanism) {
        return switch (mechanism) {
            case LSM -> lsm;
            case TRAMPOLINE -> trampoline;
            case KPROBE -> kprobe;
        };
    }
}
