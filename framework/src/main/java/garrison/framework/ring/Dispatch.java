// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.Event;
import garrison.spi.RecordHandler;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands each record to its binding. What goes wrong with one record is counted and never reaches the reader. */
final class Dispatch implements Ring.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatch.class);

    private final String plugin;
    /** By type; null where none is bound. */
    private final RecordBinding[] byType;
    private final int typeOffset;
    private final Losses unbound;
    private final Losses failed;
    /** The record before: most are alike, and then neither type nor length is looked up again. */
    private int lastLength = -1;
    private int lastType;
    private RecordHandler lastHandler;
    private String lastStruct;

    /** @param bindings complete */
    Dispatch(String plugin, Bindings bindings) {
        this.plugin = plugin;
        byType = bindings.byType();
        typeOffset = bindings.typeOffset();
        unbound = new Losses(plugin, "unbound");
        failed = new Losses(plugin, "handler");
    }

    @Override
    public void accept(RingRecord record) {
        int length = record.length();
        if (length != lastLength || record.uncheckedInt(typeOffset) != lastType) {
            if (!look(record, length)) {
                return;
            }
        }
        try {
            lastHandler.handle(record);
        } catch (Throwable t) {
            failed(t);
        }
    }

    /** Finds the handler of a record that is not like the one before; false if it has none. */
    private boolean look(RingRecord record, int length) {
        int type = length >= typeOffset + Integer.BYTES ? record.intAt(typeOffset) : -1;
        RecordBinding binding = type >= 0 && type < byType.length ? byType[type] : null;
        if (binding == null || length < binding.size()) {
            refuse(binding, record, length, type);
            return false;
        }
        lastLength = length;
        lastType = type;
        lastHandler = binding.handler();
        lastStruct = binding.struct();
        return true;
    }

    private void refuse(RecordBinding binding, RingRecord record, int length, int type) {
        if (binding != null) {
            if (failed.quiet()) {
                failed.detail("struct " + binding.struct() + " has " + binding.size() + " bytes: " + record.head());
            }
            failed.add();
        } else {
            if (unbound.quiet()) {
                unbound.detail((length < typeOffset + Integer.BYTES ? "no header: " : "type " + type + ": ") + record.head());
            }
            unbound.add();
        }
    }

    private void failed(Throwable t) {
        if (failed.quiet()) {
            failed.detail(t.toString());
        }
        failed.add();
        if (Long.bitCount(failed.total()) == 1) {
            LOG.warn("Plugin {}: its handler of struct {} threw for the {}. time; reading goes on", plugin, lastStruct, failed.total(), t);
        }
    }

    void tell(Consumer<Event> events) {
        unbound.tell(events);
        failed.tell(events);
    }

    long unbound() {
        return unbound.total();
    }

    long failed() {
        return failed.total();
    }
}
