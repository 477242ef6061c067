// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.BpfMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Fills the map of call sites: from the kernel's text, from modules as they come and go, from a lock. Safe for several threads. */
final class KnownCalls {
    private static final Path MODULES = Path.of("/proc/modules");
    private static final int KEY = 2 * Long.BYTES;

    private final BpfMap sites;
    private final KernelReader kernel;
    private final KernelState state;
    /** The functions' addresses, each with its sensor's bit. */
    private final Map<Long, Integer> wanted = new HashMap<>();
    /** Keys by the base of the module that they lie in. */
    private final Map<Long, List<byte[]>> ofModules = new HashMap<>();
    /** Those that the kernel's own text shows. */
    private final Set<Lock.Site> shown = new HashSet<>();
    /** Those beyond them that a lock brought, or that were learnt. */
    private final Set<Lock.Site> beyond = new LinkedHashSet<>();
    private String trouble = "";
    private int inKernel;
    private int inModules;

    KnownCalls(BpfMap sites, KernelReader kernel, KernelState state) {
        this.sites = sites;
        this.kernel = kernel;
        this.state = state;
        for (Sensor sensor : Sensor.values()) {
            if (sensor.isFunction()) {
                state.address(sensor.word()).ifPresent(address -> wanted.merge(address, 1 << sensor.ordinal(), (a, b) -> a | b));
            }
        }
    }

    /** All of the kernel's text, and the modules that are there now. */
    synchronized void scan() {
        List<byte[]> keys = new ArrayList<>(put(kernel.calls(state.textStart(), state.textLength())));
        keys.addAll(putIndirect());
        inKernel = keys.size();
        keys.forEach(key -> shown.add(site(key)));
        List<String> lines;
        try {
            lines = Files.readAllLines(MODULES);
        } catch (IOException e) {
            trouble = MODULES + " cannot be read (" + e.getMessage() + "): calls from modules that are loaded already are told as foreign";
            return;
        }
        for (String line : lines) {
            // NAME SIZE USERS BY STATE ADDRESS
            String[] words = line.split(" ");
            long base = words.length > 5 ? Long.parseUnsignedLong(words[5].substring(2), 16) : 0;
            if (base != 0) {
                module(base, Long.parseLong(words[1]));
            }
        }
    }

    private List<byte[]> putIndirect() {
        List<byte[]> keys = new ArrayList<>();
        IndirectCalls.CALLERS.forEach((sensor, names) -> kernel.find(names).values().forEach(start ->
                kernel.describe(start).flatMap(place -> kernel.read(start, (int) Math.min(place.size(), KernelReader.WINDOW)))
                        .ifPresent(code -> IndirectCalls.returnsIn(code, start)
                                .forEach(address -> keys.add(key(sensor, address - state.textStart()))))));
        update(keys);
        return keys;
    }

    /** A module whose calls are known from now on. */
    synchronized void module(long base, long size) {
        List<byte[]> keys = put(kernel.calls(base, size));
        inModules += keys.size();
        ofModules.put(base, keys);
    }

    /** It goes: another may come to lie there. */
    synchronized void moduleGone(long base) {
        List<byte[]> keys = ofModules.remove(base);
        if (keys != null) {
            keys.forEach(sites::delete);
            inModules -= keys.size();
        }
    }

    /** A call site that the programs took for good. */
    synchronized void learnt(Lock.Site site) {
        beyond.add(site);
    }

    /**
     * The call sites of a lock.
     *
     * @param only whether those that are neither in it nor in the kernel's text are known no more
     */
    synchronized void locked(Set<Lock.Site> sites, boolean only) {
        if (only) {
            List<Lock.Site> gone = beyond.stream().filter(site -> !sites.contains(site)).toList();
            gone.forEach(site -> this.sites.delete(key(site.sensor(), site.offset())));
            gone.forEach(beyond::remove);
        }
        List<Lock.Site> fresh = sites.stream().filter(site -> !shown.contains(site) && beyond.add(site)).toList();
        update(fresh.stream().map(site -> key(site.sensor(), site.offset())).toList());
    }

    private List<byte[]> put(CallSites calls) {
        List<byte[]> keys = new ArrayList<>();
        calls.find(wanted, address -> kernel.describe(address).map(p -> address - p.offset()).orElse(0L)).forEach((address, bits) -> {
            for (Sensor sensor : Sensor.values()) {
                if ((bits & 1 << sensor.ordinal()) != 0) {
                    keys.add(key(sensor, state.inText(address) ? address - state.textStart() : address));
                }
            }
        });
        update(keys);
        return keys;
    }

    private void update(List<byte[]> keys) {
        ByteBuffer all = ByteBuffer.allocate(keys.size() * KEY).order(ByteOrder.nativeOrder());
        ByteBuffer values = ByteBuffer.allocate(keys.size() * Integer.BYTES).order(ByteOrder.nativeOrder());
        keys.forEach(key -> {
            all.put(key);
            values.putInt(1);
        });
        sites.updateAll(all.flip(), values.flip(), keys.size());
    }

    private static byte[] key(Sensor sensor, long place) {
        return ByteBuffer.allocate(KEY).order(ByteOrder.nativeOrder()).putLong(sensor.ordinal()).putLong(place).array();
    }

    private static Lock.Site site(byte[] key) {
        ByteBuffer words = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder());
        return new Lock.Site(Sensor.of((int) words.getLong()), words.getLong());
    }

    /** What it could not find out; else empty. */
    synchronized String trouble() {
        return trouble;
    }

    synchronized String figures() {
        return inKernel + " in the kernel, " + inModules + " in modules, " + beyond.size() + " learnt";
    }
}
