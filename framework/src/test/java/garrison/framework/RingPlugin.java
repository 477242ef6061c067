// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import garrison.framework.object.LoadedBpfObject;
import garrison.spi.ConfigurationException;
import garrison.spi.Event;
import garrison.spi.EventBindings;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramSource;
import garrison.spi.Settings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * A plugin around bpf/test_ring.bpf.c, whose program a test runs by hand. Every step of its life can be told to do something
 * in addition, for example to throw.
 */
public class RingPlugin implements Plugin {
    /** Record types of bpf/test_ring.h. */
    public static final int FIXED = 1;
    public static final int TEXT = 2;
    public static final int LARGE = 3;
    public static final int UNBOUND = 4;
    public static final int DISCARDED = 5;

    /** The steps of a run, in their order. */
    public enum Step { OPEN, CONFIGURE, BIND, STAGE, PROGRAMS, COMMIT, DROP, STATUS, CLOSE }

    /** {@code struct test_inner}. */
    public record Inner(int left, long rightSide) {}

    /** {@code struct garrison_event}. */
    public record Header(long timeNs, int type, int generation) {}

    /** {@code struct test_fixed}, in another order than C's. */
    public record Fixed(Header header, Inner inner, String name, long sequence, int knob, int minusFive, short small, byte tiny,
            int plainEnum, byte[] rawBytes) {}

    /** {@code struct test_text}. */
    public record Text(long sequence, String text) {}

    /** What it publishes for each {@code test_fixed}. */
    public record Emitted(String plugin, Instant time, long sequence, Fixed fixed) implements Event {
        @Override
        public String type() {
            return "emitted";
        }
    }

    private final String name;
    private final Map<Step, Runnable> extra = new EnumMap<>(Step.class);
    /** Steps taken, all runs in a row. */
    public final List<Step> steps = new CopyOnWriteArrayList<>();
    private BiConsumer<EventBindings, Session> binding = (events, session) -> session.bindAll(events);
    private int ringBytes = 1 << 20;
    private volatile Set<String> programs = Set.of();
    private volatile Session session;

    public RingPlugin(String name) {
        this.name = name;
    }

    /** Does something in a step, before the step's own work. */
    public RingPlugin on(Step step, Runnable action) {
        extra.put(step, action);
        return this;
    }

    /** Binds something else than all records. */
    public RingPlugin binding(BiConsumer<EventBindings, Session> other) {
        binding = other;
        return this;
    }

    /** A smaller or larger ring. */
    public RingPlugin ring(int bytes) {
        ringBytes = bytes;
        return this;
    }

    /** Programs that the next policy wants attached. None of this object's can be. */
    public RingPlugin programs(Set<String> names) {
        programs = names;
        return this;
    }

    /** The run that goes on. */
    public Session session() {
        return session;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(RingPlugin.class, "bpf/test_ring.bpf.o"));
    }

    @Override
    public PluginSession open(PluginContext context) {
        step(Step.OPEN);
        session = new Session(context);
        return session;
    }

    private void step(Step step) {
        steps.add(step);
        extra.getOrDefault(step, () -> {}).run();
    }

    /** One run. */
    public final class Session implements PluginSession {
        private final PluginContext context;
        private volatile LoadedBpfObject object;
        private volatile long limit;

        private Session(PluginContext context) {
            this.context = context;
            limit(context.settings());
        }

        private long limit(Settings settings) {
            long value = settings.integer("limit", 1, 100, -1);
            if (settings.bool("refuse", false)) {
                throw settings.error("refuse", "says so", "write refuse = false");
            }
            settings.end();
            return value;
        }

        @Override
        public void configure(ObjectSetup setup) {
            step(Step.CONFIGURE);
            setup.maxEntries("garrison_events", ringBytes);
            setup.constant("test_knob", 42);
            setup.load("test_second", true);
        }

        @Override
        public void bind(EventBindings events) {
            step(Step.BIND);
            binding.accept(events, this);
        }

        void bindAll(EventBindings events) {
            events.on(FIXED, "test_fixed", Fixed.class, fixed -> context.publish(
                    new Emitted(name, context.time(fixed.header().timeNs()), fixed.sequence(), fixed)));
            events.raw(LARGE, "test_large", fields -> record -> {});
        }

        @Override
        public PolicyChange stage(Settings settings, LoadedObject loaded) {
            step(Step.STAGE);
            object = (LoadedBpfObject) loaded;
            long next = limit(settings);
            return new PolicyChange() {
                @Override
                public Set<String> programs() {
                    step(Step.PROGRAMS);
                    return programs;
                }

                @Override
                public void commit() {
                    step(Step.COMMIT);
                    limit = next;
                }

                @Override
                public void close() {
                    step(Step.DROP);
                }
            };
        }

        /** Lets the kernel write records; returns when it has. */
        public void emit(int type, long first, int count) {
            ByteBuffer order = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder()).putLong(first).putInt(count).putInt(type);
            object.run("test_emit", order.array());
        }

        /** The mode as a program sees it: 1 AUDIT, 2 ENFORCE. */
        public int modeInKernel() {
            return object.run("test_second", new byte[0]);
        }

        /** The object in the kernel. */
        public LoadedBpfObject object() {
            return object;
        }

        public long limit() {
            return limit;
        }

        public PluginContext context() {
            return context;
        }

        @Override
        public Map<String, String> status() {
            step(Step.STATUS);
            return Map.of("limit", Long.toString(limit));
        }

        @Override
        public void close() {
            step(Step.CLOSE);
        }
    }

    /** For a step: what a plugin with wrong settings throws. */
    public static ConfigurationException refusal() {
        return new ConfigurationException("test.conf:1", "refused for the test", "do not");
    }
}
