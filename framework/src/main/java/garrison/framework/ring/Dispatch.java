// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.Event;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands each record to its binding. What goes wrong with one record is counted and never reaches the reader. */
final class Dispatch implements Ring.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatch.class);

    private final String plugin;
    private final Bindings bindings;
    private final int typeOffset;
    private final Losses unbound;
    private final Losses failed;

    Dispatch(String plugin, Bindings bindings) {
        this.plugin = plugin;
        this.bindings = bindings;
        typeOffset = bindings.typeOffset();
        unbound = new Losses(plugin, "unbound");
        failed = new Losses(plugin, "handler");
    }

    @Override
    public void accept(RingRecord record) {
        if (record.length() < typeOffset + Integer.BYTES) {
            if (unbound.quiet()) {
                unbound.detail("no header: " + record.head());
            }
            unbound.add();
            return;
        }
        int type = record.intAt(typeOffset);
        RecordBinding binding = bindings.of(type);
        if (binding == null) {
            if (unbound.quiet()) {
                unbound.detail("type " + type + ": " + record.head());
            }
            unbound.add();
        } else if (record.length() < binding.size()) {
            if (failed.quiet()) {
                failed.detail("struct " + binding.struct() + " has " + binding.size() + " bytes: " + record.head());
            }
            failed.add();
        } else {
            handle(binding, record);
        }
    }

    private void handle(RecordBinding binding, RingRecord record) {
        try {
            binding.handler().handle(record);
        } catch (Throwable t) {
            if (failed.quiet()) {
                failed.detail(t.toString());
            }
            failed.add();
            if (Long.bitCount(failed.total()) == 1) {
                LOG.warn("Plugin {}: its handler of struct {} threw for the {}. time; reading goes on", plugin, binding.struct(),
                        failed.total(), t);
            }
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
