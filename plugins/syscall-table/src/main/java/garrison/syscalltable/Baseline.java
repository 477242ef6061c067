// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.BpfMap;
import garrison.spi.LoadedObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The locked first reading: what there is to look at on this kernel, where, and whether the system call table was as it should be
 * from the first. Made once; runs and processes that follow take it over with the maps.
 */
final class Baseline {
    private static final String TEXT_START = "_stext";
    private static final String TEXT_END = "_etext";
    private static final String MODULES = "modules";
    private static final String MODULE_SET = "module_kset";
    private static final String TRACERS = "ftrace_ops_list";
    private static final String TRACERS_END = "ftrace_list_end";
    /** In bytes; of the kernel's variables, which have no size that it tells. */
    private static final Map<String, Integer> PARAMETERS = Map.of("modprobe_path", 256, "core_pattern", 128, "poweroff_cmd", 256);
    private static final int ENTRY_BYTES = 256;
    private static final int HANDLER_BYTES = 32;
    private static final int OPERATIONS_BYTES = 4 * Long.BYTES;

    /**
     * An entry that was not served by the function that serves it.
     *
     * @param number the system call's
     * @param address where it leads
     * @param symbol the kernel's words for that
     */
    record Misfit(int number, long address, String symbol) {}

    private final LoadedObject object;
    private final Handlers handlers;
    private final KernelSymbols symbols;
    private final Regions regions;
    private final Map<String, Long> addresses = new LinkedHashMap<>();
    private final List<Misfit> misfits = new ArrayList<>();

    private Baseline(LoadedObject object, Handlers handlers) {
        this.object = object;
        this.handlers = handlers;
        this.symbols = new KernelSymbols(object);
        this.regions = new Regions(object.map("table_first").maxEntries());
    }

    /** Makes the first reading; empty if the kernel tells no symbols. No check may run yet. */
    static Optional<Baseline> make(LoadedObject object, Handlers handlers) {
        Baseline baseline = new Baseline(object, handlers);
        baseline.find();
        if (baseline.address(TEXT_START) == 0 || baseline.address(TEXT_END) == 0) {
            return Optional.empty();
        }
        baseline.layOut();
        baseline.lock();
        return Optional.of(baseline);
    }

    private void find() {
        List<String> names = new ArrayList<>(List.of(TEXT_START, TEXT_END, MODULES, MODULE_SET, TRACERS, TRACERS_END));
        Arrays.stream(Area.values()).forEach(area -> names.addAll(area.symbols()));
        long[] found = symbols.find(names);
        for (int i = 0; i < found.length; i++) {
            if (found[i] != 0) {
                addresses.put(names.get(i), found[i]);
            }
        }
    }

    private long address(String name) {
        return addresses.getOrDefault(name, 0L);
    }

    private void layOut() {
        Set<Long> served = new HashSet<>();
        for (Area area : Area.values()) {
            for (int i = 0; i < area.symbols().size(); i++) {
                long address = address(area.symbols().get(i));
                if (address == 0) {
                    continue;
                }
                switch (area) {
                    case TABLE -> table(i, address, served);
                    case CODE -> code(i, area.symbols().get(i), address);
                    case PARAMETER -> regions.add(area, i, address, PARAMETERS.get(area.symbols().get(i)));
                    case OPERATIONS -> regions.add(area, i, address, OPERATIONS_BYTES);
                    case HANDLER -> throw new IllegalStateException("handlers have no symbols of their own");
                }
            }
        }
    }

    private void code(int index, String name, long address) {
        int size = Owner.size(symbols.describe(address).getFirst());
        // Assembly has labels within; what follows the entry is as fixed as the entry.
        regions.addCode(index, address, name.startsWith("entry_") || size == 0 ? ENTRY_BYTES : size);
    }

    private void table(int index, long address, Set<Long> served) {
        int most = Math.min(Owner.size(symbols.describe(address).getFirst()) / Long.BYTES, Region.PAGE_WORDS);
        long[] entries = symbols.read(address, most);
        List<String> words = symbols.describe(entries);
        int length = most;
        while (length > 0 && !Handlers.isHandler(Owner.name(words.get(length - 1)))) {
            length--;
        }
        regions.add(Area.TABLE, index * Region.TABLE_STEP, address, length * Long.BYTES);
        Map<Long, Integer> uses = new HashMap<>();
        for (int i = 0; i < length; i++) {
            uses.merge(entries[i], 1, Integer::sum);
        }
        for (int i = 0; i < length; i++) {
            String symbol = words.get(i);
            boolean core = Long.compareUnsigned(entries[i], address(TEXT_START)) >= 0
                    && Long.compareUnsigned(entries[i], address(TEXT_END)) < 0;
            if (index == 0 && (!core || !symbol.contains("+0x0/") || !handlers.fits(i, Owner.name(symbol), uses.get(entries[i])))) {
                misfits.add(new Misfit(i, entries[i], symbol));
            }
            if (core && served.add(entries[i])) {
                regions.add(Area.HANDLER, i, entries[i], HANDLER_BYTES);
            }
        }
    }

    private void lock() {
        List<Region> all = regions.all();
        ByteBuffer keys = ByteBuffer.allocate(all.size() * Integer.BYTES).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate(all.size() * Region.SIZE).order(ByteOrder.nativeOrder());
        for (int i = 0; i < all.size(); i++) {
            keys.putInt(i * Integer.BYTES, i);
            all.get(i).write(values.slice(i * Region.SIZE, Region.SIZE).order(ByteOrder.nativeOrder()));
        }
        object.map("table_regions").updateAll(keys, values, all.size());
        long set = address(MODULE_SET) == 0 ? 0 : symbols.read(address(MODULE_SET), 1)[0];
        boolean tracers = address(TRACERS) != 0 && address(TRACERS_END) != 0;
        CheckState.empty().with(CheckState.TEXT_START, address(TEXT_START)).with(CheckState.TEXT_END, address(TEXT_END))
                .with(CheckState.MODULES, address(MODULES)).with(CheckState.MODULE_SET, set)
                .with(CheckState.TRACERS, tracers ? address(TRACERS) : 0).with(CheckState.TRACERS_END, tracers ? address(TRACERS_END) : 0)
                .withSmall(CheckState.REGIONS, all.size()).write(object.map("table_state"));
        object.run("table_lock", new byte[0]);
    }

    /** Entries that were wrong at the first reading already. */
    List<Misfit> misfits() {
        return List.copyOf(misfits);
    }

    /** The regions of a reading that may be another process's. */
    static List<Region> regions(LoadedObject object) {
        BpfMap map = object.map("table_regions");
        int count = CheckState.of(object.map("table_state")).small(CheckState.REGIONS);
        List<Region> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] value = map.lookup(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(i).array()).orElseThrow();
            all.add(Region.read(ByteBuffer.wrap(value).order(ByteOrder.nativeOrder())));
        }
        return all;
    }
}
