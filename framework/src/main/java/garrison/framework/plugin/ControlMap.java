// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.btf.BtfStruct;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.BpfMap;
import garrison.spi.LayoutException;
import garrison.spi.Mode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** {@code garrison_control}: the mode and the generation, as the programs read them. */
final class ControlMap {
    private static final String NAME = "garrison_control";
    private static final byte[] KEY = new byte[Integer.BYTES];
    /** {@code enum garrison_mode}. */
    private static final int AUDIT = 0;
    private static final int ENFORCE = 1;

    private ControlMap() {}

    static void write(LoadedBpfObject object, Mode mode, int generation) {
        BpfMap map = object.map(NAME);
        BtfStruct struct = object.btf().struct(NAME).orElseThrow(() -> new LayoutException(
                "the object's BTF has no struct " + NAME + "; include garrison.bpf.h"));
        ByteBuffer value = ByteBuffer.allocate(map.valueSize()).order(ByteOrder.nativeOrder());
        value.putInt(offset(struct, "mode"), mode == Mode.ENFORCE ? ENFORCE : AUDIT);
        value.putInt(offset(struct, "generation"), generation);
        map.update(KEY, value.array());
    }

    private static int offset(BtfStruct struct, String field) {
        return struct.field(field).filter(f -> f.size() == Integer.BYTES).orElseThrow(() -> new LayoutException(
                "struct " + NAME + " has no 4-byte field " + field + "\n" + struct.layout())).offset();
    }
}
