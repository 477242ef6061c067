// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.btf.Btf;
import garrison.framework.btf.BtfField;
import garrison.framework.btf.BtfStruct;
import garrison.spi.EventBindings;
import garrison.spi.LayoutException;
import garrison.spi.RecordHandler;
import garrison.spi.RecordView;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.zip.CRC32;

/** A plugin's bindings, each resolved against the loaded object's BTF when it is made. */
public final class Bindings implements EventBindings {
    private static final int MOST_TYPES = 1 << 12;
    private static final String HEADER = "garrison_event";

    private final String object;
    private final Btf btf;
    private RecordBinding[] byType = new RecordBinding[16];

    /**
     * @param object the object's name, for errors
     * @param btf the object's
     */
    public Bindings(String object, Btf btf) {
        this.object = object;
        this.btf = btf;
    }

    @Override
    public <R extends Record> void on(int type, String struct, Class<R> shape, Consumer<R> handler) {
        Objects.requireNonNull(handler, "handler");
        BtfStruct layout = struct(struct);
        RecordShape<R> reader = RecordShape.of(shape, layout, object);
        bind(type, new RecordBinding(struct, layout.size(), view -> handler.accept(reader.read((RingRecord) view))));
    }

    @Override
    public void raw(int type, String struct, Function<Function<String, RecordView.Field>, RecordHandler> fields) {
        BtfStruct layout = struct(struct);
        RecordHandler handler = fields.apply(name -> StructField.of(layout.field(name).orElseThrow(() -> new LayoutException(
                object + ": struct " + struct + " has no field " + name + "\n" + layout.layout()))));
        bind(type, new RecordBinding(struct, layout.size(), Objects.requireNonNull(handler, "handler")));
    }

    private RecordBinding of(int type) {
        return type >= 0 && type < byType.length ? byType[type] : null;
    }

    /** All of them, by type; null where none is bound. */
    RecordBinding[] byType() {
        return byType.clone();
    }

    /**
     * A number that is the same for bindings of the same types to structs of the same layout, in any process.
     */
    public long layout() {
        CRC32 sum = new CRC32();
        sum.update(struct(HEADER).layout().getBytes(StandardCharsets.UTF_8));
        for (int type = 0; type < byType.length; type++) {
            if (byType[type] != null) {
                sum.update((type + " " + struct(byType[type].struct()).layout()).getBytes(StandardCharsets.UTF_8));
            }
        }
        return sum.getValue();
    }

    /** Where a record's type stands. */
    int typeOffset() {
        BtfStruct header = struct(HEADER);
        BtfField type = header.field("type").filter(f -> f.size() == Integer.BYTES).orElseThrow(() -> new LayoutException(
                object + ": struct " + HEADER + " has no 4-byte field type\n" + header.layout()));
        return type.offset();
    }

    private BtfStruct struct(String name) {
        return btf.struct(name).orElseThrow(() -> new LayoutException(object + ": its BTF has no struct " + name
                + "; a struct that only a local pointer names is left out: declare an unused global pointer to it"));
    }

    private void bind(int type, RecordBinding binding) {
        if (type < 0 || type >= MOST_TYPES) {
            throw new IllegalArgumentException("record type " + type + " of struct " + binding.struct() + ": use 1 to "
                    + (MOST_TYPES - 1));
        }
        if (of(type) != null) {
            throw new IllegalArgumentException("record type " + type + " is bound to struct " + byType[type].struct()
                    + " already; struct " + binding.struct() + " needs a number of its own");
        }
        if (type >= byType.length) {
            byType = Arrays.copyOf(byType, type + 1);
        }
        byType[type] = binding;
    }
}
