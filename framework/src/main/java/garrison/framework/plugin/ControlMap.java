// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfField;
import garrison.framework.btf.BtfStruct;
import garrison.spi.BpfMap;
import garrison.spi.LayoutException;
import garrison.spi.Mode;
import garrison.spi.WhenOrphaned;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/** {@code garrison_control}: mode, generation, sampling and what holds without a runtime, as the programs read them. */
final class ControlMap {
    static final String NAME = "garrison_control";
    private static final byte[] KEY = new byte[Integer.BYTES];
    /** {@code enum garrison_mode}. */
    private static final int AUDIT = 0;
    private static final int ENFORCE = 1;

    private final BpfMap map;
    private final BtfStruct struct;

    /** @param btf of an object that knows the map */
    ControlMap(BpfMap map, Btf btf) {
        this.map = map;
        struct = btf.struct(NAME).orElseThrow(() -> new LayoutException(
                "the object's BTF has no struct " + NAME + "; include garrison.bpf.h"));
    }

    /**
     * All of it at once.
     *
     * @param sampleEvery one record of so many is written; 1 for all
     */
    void write(Mode mode, int generation, WhenOrphaned orphaned, Duration grace, long layout, int sampleEvery) {
        ByteBuffer value = ByteBuffer.allocate(map.valueSize()).order(ByteOrder.nativeOrder());
        value.putInt(offset("mode", Integer.BYTES), mode == Mode.ENFORCE ? ENFORCE : AUDIT);
        value.putInt(offset("generation", Integer.BYTES), generation);
        // The constants stand in the order of enum garrison_orphaned.
        value.putInt(offset("orphaned", Integer.BYTES), orphaned.ordinal());
        value.putLong(offset("grace_ns", Long.BYTES), grace.toNanos());
        value.putLong(offset("layout", Long.BYTES), layout);
        value.putInt(offset("sample_every", Integer.BYTES), sampleEvery);
        map.update(KEY, value.array());
    }

    /** Whether a map that another process made has the layout that this one knows. */
    boolean isKnown() {
        return map.valueSize() == struct.size();
    }

    /** The layout of the records, see {@link #write}. */
    long layout() {
        return read().getLong(offset("layout", Long.BYTES));
    }

    /** From here on the programs decide nothing and tell nothing; all at once, on every hook. */
    void retire() {
        ByteBuffer value = read();
        value.putInt(offset("retired", Integer.BYTES), 1);
        map.update(KEY, value.array());
    }

    private ByteBuffer read() {
        byte[] value = map.lookup(KEY).orElseThrow(() -> new IllegalStateException(NAME + " has no entry 0"));
        return ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
    }

    private int offset(String field, int size) {
        return struct.field(field).filter(f -> f.size() == size).map(BtfField::offset).orElseThrow(() -> new LayoutException(
                "struct " + NAME + " has no field " + field + " of " + size + " bytes\n" + struct.layout()));
    }
}
