// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.EventBindings;
import garrison.spi.KernelException;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.Settings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One run of syscall-table: makes or takes over the first reading, starts the looks, puts events into words. */
final class SyscallTableSession implements PluginSession {
    private static final int MEMORY = 1;
    private static final int ALTERATION = 2;
    /** A parameter's change belongs to a sysctl write if it is seen within this many periods of it. */
    private static final int PERIODS_OF_A_WRITE = 4;
    private static final String MEMORY_WORDS = "kernel memory (system call table, code, handlers, parameters, hidden modules, ftrace)";
    private static final Duration SHORTEST_MEMORY = Duration.ofSeconds(2);
    private static final List<String> KEPT = List.of("table_state", "table_regions", "table_first", "table_latest", "table_modules",
            "table_tracers", "table_timer");

    private final PluginContext context;
    private final Watch atStart;
    private final Lockdown lockdown;
    private final Handlers handlers = Handlers.read();
    private final Programs programs;
    private final MemoryWriter writer;
    private final List<KernelMemoryAltered> found = new ArrayList<>();
    private LoadedObject object;
    private volatile boolean begun;
    private volatile Watch inForce;

    SyscallTableSession(PluginContext context, Watch atStart, Lockdown lockdown) {
        this.context = context;
        this.atStart = atStart;
        this.lockdown = lockdown;
        this.programs = new Programs(lockdown.hidesMemory());
        Duration memory = atStart.period().multipliedBy(PERIODS_OF_A_WRITE);
        this.writer = new MemoryWriter(handlers, memory.compareTo(SHORTEST_MEMORY) < 0 ? SHORTEST_MEMORY : memory);
    }

    @Override
    public void configure(ObjectSetup object) {
        object.constant("own_process", ProcessHandle.current().pid());
        object.constant("tell_elements", atStart.elements() ? 1 : 0);
        object.constant("tell_reads", atStart.reads() ? 1 : 0);
        KEPT.forEach(object::keep);
        programs.choose(object, context.kernel());
    }

    @Override
    public void bind(EventBindings events) {
        events.on(MEMORY, "syscall_table_memory_event", MemoryRecord.class,
                record -> context.publish(writer.write(record, context.time(record.header().timeNs()))));
        events.on(ALTERATION, "syscall_table_alteration_event", AlterationRecord.class, this::tell);
    }

    private void tell(AlterationRecord record) {
        KernelAltered event = AlterationWriter.write(record, context.time(record.header().timeNs()));
        if (event.action() == Action.SYSCTL_WRITE) {
            writer.wrote(event.object(), event.time());
        }
        context.publish(event);
    }

    @Override
    public PolicyChange stage(Settings settings, LoadedObject object) {
        Watch watch = Watch.read(settings);
        this.object = object;
        if (!begun && !lockdown.hidesMemory()) {
            begun = begin();
        }
        return new Change(watch, programs.attached(object.programs(), watch));
    }

    /** The first reading, or what is not as it was at it. False if the kernel tells no symbols: it is tried again at a reload. */
    private boolean begin() {
        if (CheckState.of(object.map("table_state")).locked()) {
            for (Region region : Baseline.regions(object)) {
                compare(region);
            }
            return true;
        }
        Optional<Baseline> made = Baseline.make(object, handlers);
        made.ifPresent(baseline -> baseline.misfits().forEach(misfit -> found.add(writer.write(misfit, Instant.now()))));
        return made.isPresent();
    }

    private void compare(Region region) {
        ByteBuffer first = page("table_first", region.page());
        ByteBuffer latest = page("table_latest", region.page());
        for (int i = 0; i < region.words(); i++) {
            int at = (region.offset() + i) * Long.BYTES;
            if (first.getLong(at) != latest.getLong(at)) {
                found.add(writer.still(region, i, first.getLong(at), latest.getLong(at), Instant.now()));
                if (region.area() != Area.TABLE) {
                    return;
                }
            }
        }
    }

    private ByteBuffer page(String map, int page) {
        byte[] key = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(page).array();
        return ByteBuffer.wrap(object.map(map).lookup(key).orElseThrow()).order(ByteOrder.nativeOrder());
    }

    @Override
    public Map<String, String> status() {
        Map<String, String> figures = new LinkedHashMap<>();
        Watch watch = inForce;
        if (watch == null) {
            return figures;
        }
        figures.put("told", String.join(", ", watch.told().stream().map(s -> s.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-')).toList()));
        List<String> unseen = new ArrayList<>();
        if (lockdown.hidesMemory()) {
            unseen.add(MEMORY_WORDS + ": " + Lockdown.HIDES);
        } else if (!begun) {
            unseen.add(MEMORY_WORDS + ": kernel.kptr_restrict=2 keeps the kernel's symbols from BPF programs, too; set it to 1, "
                    + "reload, and set it to 2 again");
        } else {
            CheckState state = CheckState.of(object.map("table_state"));
            long checks = state.number(CheckState.CHECKS);
            figures.put("pieces of kernel memory", String.valueOf(state.small(CheckState.REGIONS)));
            figures.put("looks", checks + ", " + state.number(CheckState.BY_TIMER) + " by the timer, the others by the clock");
            figures.put("a look takes", (checks == 0 ? 0 : state.number(CheckState.TOTAL_NS) / checks / 1000) + " us, at most "
                    + state.number(CheckState.LONGEST_NS) / 1000 + " us");
            if (state.number(CheckState.UNREADABLE) != 0) {
                figures.put("pieces that could not be read", String.valueOf(state.number(CheckState.UNREADABLE)));
            }
            List<String> unknown = Unknown.of(state, Baseline.regions(object));
            if (!unknown.isEmpty()) {
                figures.put("not on this kernel, or without a symbol", String.join(", ", unknown));
            }
        }
        unseen.addAll(programs.unseen());
        if (!unseen.isEmpty()) {
            figures.put("not seen", String.join("; ", unseen));
        }
        return figures;
    }

    @Override
    public void close() {
        inForce = null;
    }

    private final class Change implements PolicyChange {
        private final Watch watch;
        private final Set<String> programs;

        Change(Watch watch, Set<String> programs) {
            this.watch = watch;
            this.programs = programs;
        }

        @Override
        public Set<String> programs() {
            return programs;
        }

        @Override
        public void commit() {
            if (begun) {
                int result = object.run("table_start", KernelSymbols.word(watch.period().toNanos()));
                if (result != 0) {
                    throw new KernelException("plugin " + SyscallTable.NAME + ": the kernel's timer cannot be started (step " + result + ")", 0);
                }
            }
            inForce = watch;
            found.forEach(context::publish);
            found.clear();
        }

        @Override
        public void close() {
            // What was found and not told is told with the next change that holds.
        }
    }
}
