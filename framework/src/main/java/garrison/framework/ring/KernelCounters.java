// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfField;
import garrison.framework.btf.BtfStruct;
import garrison.spi.BpfMap;
import garrison.spi.LayoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.StringJoiner;

/**
 * What the programs themselves counted, per CPU: records the ring took, records for which it had no room, and
 * records that sampling left out.
 */
final class KernelCounters {
    private static final String STRUCT = "garrison_counters";
    private static final byte[] KEY = new byte[Integer.BYTES];

    private final BpfMap map;
    private final int stride;
    private final int sentOffset;
    private final int droppedOffset;
    private final int sampledOutOffset;
    private long[] droppedBefore = {};
    private long sent;
    private long dropped;
    private long sampledOut;

    KernelCounters(BpfMap map, Btf btf) {
        this.map = map;
        stride = (map.valueSize() + 7) & ~7;
        BtfStruct struct = btf.struct(STRUCT).orElseThrow(() -> new LayoutException(
                "the object's BTF has no struct " + STRUCT + "; include garrison.bpf.h"));
        sentOffset = offset(struct, "sent");
        droppedOffset = offset(struct, "dropped");
        sampledOutOffset = offset(struct, "sampled_out");
    }

    private static int offset(BtfStruct struct, String field) {
        return struct.field(field).filter(f -> f.size() == Long.BYTES).map(BtfField::offset).orElseThrow(
                () -> new LayoutException("struct " + STRUCT + " has no 8-byte field " + field + "\n" + struct.layout()));
    }

    /**
     * Reads them anew.
     *
     * @return the CPUs that dropped records since the last time, with how many; empty if none did
     */
    String refresh() {
        byte[] values = map.lookup(KEY).orElseThrow(() -> new IllegalStateException(STRUCT + " has no entry 0"));
        ByteBuffer buffer = ByteBuffer.wrap(values).order(ByteOrder.nativeOrder());
        long[] droppedNow = new long[values.length / stride];
        StringJoiner cpus = new StringJoiner(", ");
        sent = 0;
        dropped = 0;
        sampledOut = 0;
        for (int cpu = 0; cpu < droppedNow.length; cpu++) {
            sent += buffer.getLong(cpu * stride + sentOffset);
            droppedNow[cpu] = buffer.getLong(cpu * stride + droppedOffset);
            dropped += droppedNow[cpu];
            sampledOut += buffer.getLong(cpu * stride + sampledOutOffset);
            long more = droppedNow[cpu] - (cpu < droppedBefore.length ? droppedBefore[cpu] : 0);
            if (more != 0) {
                cpus.add("cpu" + cpu + ": " + more);
            }
        }
        droppedBefore = droppedNow;
        return cpus.toString();
    }

    /** Records the ring took. */
    long sent() {
        return sent;
    }

    /** Records for which it had no room. */
    long dropped() {
        return dropped;
    }

    /** Records that were not written, since the plugin is over its budget. */
    long sampledOut() {
        return sampledOut;
    }
}
