// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.libbpf.Libc;
import garrison.spi.BpfMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** {@code garrison_heartbeat}: when a runtime last was alive, and which drops it has told. */
final class HeartbeatMap {
    static final String NAME = "garrison_heartbeat";
    private static final byte[] KEY = new byte[Integer.BYTES];
    /** The clock of bpf_ktime_get_ns(). */
    private static final int CLOCK_MONOTONIC = 1;
    private static final int SIZE = 2 * Long.BYTES;

    private final BpfMap map;

    HeartbeatMap(BpfMap map) {
        this.map = map;
    }

    /** Says that somebody is there. */
    void beat(long dropped) {
        ByteBuffer value = ByteBuffer.allocate(SIZE).order(ByteOrder.nativeOrder());
        map.update(KEY, value.putLong(Libc.clockNanos(CLOCK_MONOTONIC)).putLong(dropped).array());
    }

    /** Whether a map that another process made is one of these. */
    boolean isKnown() {
        return map.valueSize() == SIZE;
    }

    /** Drops that were told when the last runtime was alive. */
    long dropped() {
        return map.lookup(KEY).map(value -> ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong(Long.BYTES)).orElse(0L);
    }
}
