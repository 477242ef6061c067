// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.BpfMap;
import garrison.spi.GarrisonException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the programs must know of this boot: struct cfi_state of cfi_monitor.h. */
final class KernelState {
    private static final int ENTRIES = 32;
    private static final int OPENS = 8;
    private static final int SWITCHES = 8;
    private static final int RANGE = 2 * Long.BYTES;
    private static final int COUNTERS = 4 * Long.BYTES;
    private static final int ARMED = COUNTERS + 4 * Long.BYTES;
    private static final int HEAD = ARMED + 4 * Integer.BYTES;
    private static final int SIZE = HEAD + (ENTRIES + OPENS + 1) * RANGE + SWITCHES * (Long.BYTES + 3 * Integer.BYTES);
    private static final byte[] KEY = new byte[Integer.BYTES];

    /** Where stacks of the kernel begin: entered by a system call, an exception, or as a new task. */
    private static final List<String> ENTRY_NAMES = List.of("entry_SYSCALL_64", "entry_SYSCALL_64_after_hwframe", "entry_SYSCALL_compat",
            "entry_SYSCALL_compat_after_hwframe", "entry_SYSENTER_compat", "entry_SYSENTER_compat_after_hwframe", "entry_INT80_compat",
            "asm_int80_emulation", "ret_from_fork", "ret_from_fork_asm", "asm_exc_page_fault", "asm_exc_general_protection",
            "asm_exc_invalid_op", "asm_common_interrupt", "asm_sysvec_apic_timer_interrupt", "secondary_startup_64",
            "secondary_startup_64_no_verify", "asm_fred_entrypoint_user", "asm_fred_entrypoint_kernel");

    /** By which a task opens a file for itself, and the one that all opens pass. */
    private static final List<String> OPEN_NAMES = List.of("do_sys_openat2", "do_sys_open", "__do_sys_openat2", "__x64_sys_open",
            "__x64_sys_openat", "__x64_sys_openat2", "__x64_sys_creat", "__ia32_compat_sys_openat");
    private static final String OPENING = "do_dentry_open";

    private final long textStart;
    private final long textEnd;
    private final long initTask;
    private final List<long[]> entries = new ArrayList<>();
    private final List<long[]> opens = new ArrayList<>();
    private final List<long[]> opening = new ArrayList<>();
    private final Map<String, Long> symbols;

    private KernelState(Map<String, Long> symbols) {
        this.symbols = symbols;
        textStart = required("_stext");
        textEnd = required("_etext");
        initTask = required("init_task");
    }

    /**
     * Asks the running kernel.
     *
     * @throws GarrisonException if it does not say where its text is
     */
    static KernelState read(KernelReader kernel) {
        List<String> names = new ArrayList<>(List.of("_stext", "_etext", "init_task"));
        names.addAll(ENTRY_NAMES);
        names.addAll(OPEN_NAMES);
        names.add(OPENING);
        for (Switch each : Switch.values()) {
            names.add(each.symbol());
        }
        for (Sensor sensor : Sensor.values()) {
            if (sensor.isFunction()) {
                names.add(sensor.word());
            }
        }
        KernelState state = new KernelState(kernel.find(names));
        state.ranges(kernel, ENTRY_NAMES, state.entries);
        state.ranges(kernel, OPEN_NAMES, state.opens);
        state.ranges(kernel, List.of(OPENING), state.opening);
        if (state.entries.isEmpty()) {
            throw new GarrisonException("the kernel names none of its entries (entry_SYSCALL_64, ret_from_fork): nothing can be said of stacks;"
                    + " it is built without CONFIG_KALLSYMS");
        }
        return state;
    }

    private void ranges(KernelReader kernel, List<String> names, List<long[]> ranges) {
        for (String name : names) {
            address(name).ifPresent(start -> kernel.describe(start)
                    .ifPresent(place -> ranges.add(new long[] {start, start + place.size()})));
        }
    }

    private long required(String name) {
        return address(name).orElseThrow(() -> new GarrisonException("the kernel has no symbol " + name
                + ": cfi-monitor needs CONFIG_KALLSYMS_ALL"));
    }

    Optional<Long> address(String name) {
        return Optional.ofNullable(symbols.get(name));
    }

    long textStart() {
        return textStart;
    }

    long textLength() {
        return textEnd - textStart;
    }

    boolean inText(long address) {
        return address >= textStart && address < textEnd;
    }

    /** Writes all that a policy and this boot say; the counters go on. */
    void write(BpfMap map, Policy policy) {
        ByteBuffer old = ByteBuffer.wrap(map.lookup(KEY).orElseThrow()).order(ByteOrder.nativeOrder());
        if (old.capacity() != SIZE) {
            throw new GarrisonException("struct cfi_state has " + old.capacity() + " bytes, not " + SIZE + "; a defect of the plugin");
        }
        ByteBuffer all = ByteBuffer.allocate(SIZE).order(ByteOrder.nativeOrder());
        all.putLong(textStart).putLong(textEnd).putLong(initTask).putLong(policy.period().toNanos());
        for (int at = COUNTERS; at < ARMED; at += Long.BYTES) {
            all.putLong(old.getLong(at));
        }
        all.putInt(old.getInt(ARMED)).putInt(old.getInt(ARMED + Integer.BYTES));
        all.putInt(policy.learning() ? 1 : 0).putInt(policy.denySwitches() ? 1 : 0);
        put(all, HEAD, entries);
        put(all, HEAD + ENTRIES * RANGE, opens);
        put(all, HEAD + (ENTRIES + OPENS) * RANGE, opening);
        all.position(HEAD + (ENTRIES + OPENS + 1) * RANGE);
        Switch[] switches = Switch.values();
        for (int i = 0; i < SWITCHES; i++) {
            all.putLong(i < switches.length ? address(switches[i].symbol()).orElse(0L) : 0);
        }
        for (int word = 0; word < 3; word++) {
            for (int i = 0; i < SWITCHES; i++) {
                Switch one = i < switches.length ? switches[i] : null;
                // What a switch was last seen at: on, so that one that is off at the start is told.
                all.putInt(one == null ? 0 : word == 0 ? one.size() : one.on());
            }
        }
        map.update(KEY, all.array());
    }

    private static void put(ByteBuffer all, int position, List<long[]> ranges) {
        all.position(position);
        ranges.forEach(range -> all.putLong(range[0]).putLong(range[1]));
    }

    /** Whether all programs run. */
    static boolean armed(BpfMap map) {
        return ByteBuffer.wrap(map.lookup(KEY).orElseThrow()).order(ByteOrder.nativeOrder()).getInt(ARMED) != 0;
    }

    /**
     * What the programs count.
     *
     * @param walks over all tasks
     * @param untracked tasks that found no room
     * @param leftOut runs of entry sensors that the kernel left out, and a kprobe made up for
     * @param believed tasks behind an entry that may have come in unseen
     */
    record Counters(long walks, long untracked, long leftOut, long believed) {}

    static Counters counters(BpfMap map) {
        ByteBuffer now = ByteBuffer.wrap(map.lookup(KEY).orElseThrow()).order(ByteOrder.nativeOrder()).position(COUNTERS);
        return new Counters(now.getLong(), now.getLong(), now.getLong(), now.getLong());
    }
}
