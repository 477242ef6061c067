// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.BpfMap;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import garrison.spi.LoadedObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Sensors behind the entries of functions, one in each at a random place, which is chosen anew from time to time: whoever jumps over
 * an entry cannot know where the next one sits. A thread of its own sets them once all other programs run. The new one is there
 * before the old one goes; tokens have a bit for each. At each of these entries sits a kprobe besides the entry's own sensor, which
 * the kernel may leave out.
 */
final class LaterSensors implements AutoCloseable {
    private static final String BEHIND = "cfi_passed";
    private static final String AT_ENTRY = "cfi_entered";
    private static final int COOKIE_SHIFT = 8;
    /** How many places of a function are tried in a row: the kernel refuses those that it patches itself. */
    private static final int TRIES = 6;
    /** While the other programs come up. */
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofHours(1);
    /** Another's sensors may have been in the text: those of the version before this one, for one. */
    private static final Duration TRY_AGAIN = Duration.ofSeconds(10);
    /** A function's runs are over by then, whatever held them up; those that wait for a program may last for ever. */
    private static final Duration SETTLED = Duration.ofSeconds(20);

    private final LoadedObject object;
    private final KernelReader kernel;
    private final KernelState state;
    private final BpfMap laterMap;
    private final BooleanSupplier armed;
    private final SecureRandom random = new SecureRandom();
    private final Map<Sensor, LoadedObject.Attachment> entries = new EnumMap<>(Sensor.class);
    private final Map<Sensor, Place> places = new EnumMap<>(Sensor.class);
    /** Why a function has none. */
    private final Map<Sensor, String> refused = new EnumMap<>(Sensor.class);
    /** When the next place is to be chosen, by System.nanoTime. */
    private final Map<Sensor, Long> due = new EnumMap<>(Sensor.class);
    /** Offsets by function, read once: later our own sensors are in the text. */
    private final Map<Sensor, List<Integer>> known = new EnumMap<>(Sensor.class);
    private final Thread thread = Thread.ofPlatform().daemon().name("garrison-cfi-places").unstarted(this::run);
    private Set<Sensor> wanted = EnumSet.noneOf(Sensor.class);
    private Duration moveEvery = Duration.ofMinutes(1);
    private long moves;
    private boolean closed;
    private volatile String figures = "none";
    private volatile String unseen = "";

    private record Place(LoadedObject.Attachment attachment, int offset, int bit) {}

    /** @param armed whether all programs of the object run */
    LaterSensors(LoadedObject object, KernelReader kernel, KernelState state, BooleanSupplier armed) {
        this.object = object;
        this.kernel = kernel;
        this.state = state;
        this.armed = armed;
        laterMap = object.map("cfi_later");
    }

    /** Which functions are watched from now on. Called before the sensors at their entries go. */
    synchronized void policy(Policy policy) {
        Set<Sensor> next = EnumSet.noneOf(Sensor.class);
        for (Sensor sensor : Sensor.values()) {
            if (policy.behindEntries() && sensor.hasLaterPlaces() && policy.actions().get(sensor) != Action.OFF
                    && state.address(sensor.word()).isPresent()) {
                next.add(sensor);
            }
        }
        wanted = next;
        moveEvery = policy.moveEvery();
        for (Sensor sensor : List.copyOf(entries.keySet())) {
            if (!next.contains(sensor)) {
                if (places.containsKey(sensor)) {
                    places.remove(sensor).attachment.close();
                }
                LoadedObject.Attachment entry = entries.remove(sensor);
                write(sensor, 0, 0);
                entry.close();
            }
        }
        tell();
        due.clear();
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        } else {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        try {
            while (!isClosed()) {
                LockSupport.parkNanos(this, untilNextLook());
                if (!isClosed() && armed.getAsBoolean()) {
                    look();
                }
            }
        } catch (IllegalStateException closing) {
            Thread.currentThread().interrupt(); // the object went first: nothing is left to move
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** A thread that wakes up for nothing costs the machine, too. In nanoseconds. */
    private synchronized long untilNextLook() {
        if (!due.keySet().containsAll(wanted)) {
            return TICK.toNanos();
        }
        long now = System.nanoTime();
        return Math.max(TICK.toNanos(), wanted.stream().mapToLong(sensor -> due.get(sensor) - now).min().orElse(LONGEST.toNanos()));
    }

    private synchronized void look() {
        for (Sensor sensor : wanted) {
            Long next = due.get(sensor);
            if (!closed && (next == null || System.nanoTime() - next >= 0)) {
                try {
                    move(sensor);
                } catch (GarrisonException e) {
                    refused.put(sensor, e.getMessage());
                }
                due.put(sensor, System.nanoTime() + (places.containsKey(sensor) ? moveEvery : TRY_AGAIN).toNanos());
                tell();
            }
        }
    }

    private void move(Sensor sensor) {
        Place before = places.get(sensor);
        List<Integer> offsets = new ArrayList<>(before == null ? offsets(sensor) : known.get(sensor));
        if (before != null && offsets.size() > 1) {
            offsets.remove((Integer) before.offset);
        }
        if (offsets.isEmpty()) {
            refused.put(sensor, "no place found in its text");
            return;
        }
        if (!entries.containsKey(sensor)) {
            try {
                entries.put(sensor, object.attachAt(AT_ENTRY, sensor.word(), 0, sensor.ordinal()));
            } catch (KernelException e) {
                refused.put(sensor, "the kernel refuses a kprobe at its entry (errno " + e.errno() + ")");
                return;
            }
        }
        int bit = before == null || before.bit == 2 ? 1 : 2;
        write(sensor, Long.MAX_VALUE, before == null ? bit : bit | before.bit);
        for (int attempt = 0; attempt < TRIES && !offsets.isEmpty(); attempt++) {
            int offset = offsets.remove(random.nextInt(offsets.size()));
            try {
                LoadedObject.Attachment next = object.attachAt(BEHIND, sensor.word(), offset, sensor.ordinal() | (long) bit << COOKIE_SHIFT);
                places.put(sensor, new Place(next, offset, bit));
                refused.remove(sensor);
                if (before != null) {
                    before.attachment.close();
                    moves++;
                }
                write(sensor, settled(sensor), bit);
                return;
            } catch (KernelException e) {
                refused.put(sensor, "the kernel refuses a kprobe in it (errno " + e.errno() + ")");
            }
        }
        write(sensor, settled(sensor), before == null ? 0 : before.bit);
    }

    private List<Integer> offsets(Sensor sensor) {
        List<Integer> found = known.getOrDefault(sensor, List.of());
        if (found.isEmpty()) {
            found = state.address(sensor.word()).flatMap(start -> kernel.describe(start)
                    .flatMap(place -> kernel.read(start, (int) Math.min(place.size(), LaterPlaces.MAX_BYTES)))).map(LaterPlaces::in).orElse(List.of());
            known.put(sensor, found);
        }
        return found;
    }

    private void write(Sensor sensor, long settled, int live) {
        byte[] value = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.nativeOrder()).putLong(settled).putInt(live)
                .putInt(entries.containsKey(sensor) ? 1 : 0).array();
        laterMap.update(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(sensor.ordinal()).array(), value);
    }

    private long settled(Sensor sensor) {
        if (sensor.waits()) {
            return Long.MAX_VALUE;
        }
        byte[] now = new byte[Long.BYTES];
        object.run("cfi_now", now);
        return ByteBuffer.wrap(now).order(ByteOrder.nativeOrder()).getLong() + SETTLED.toNanos();
    }

    private void tell() {
        figures = places.isEmpty() ? "none" : places.keySet().stream().map(Sensor::word).collect(Collectors.joining(", "))
                + " (moved " + moves + " times)";
        Map<String, List<String>> byReason = refused.entrySet().stream()
                .filter(e -> wanted.contains(e.getKey()) && !places.containsKey(e.getKey()))
                .collect(Collectors.groupingBy(Map.Entry::getValue, LinkedHashMap::new,
                        Collectors.mapping(e -> e.getKey().word(), Collectors.toList())));
        unseen = byReason.entrySet().stream().map(e -> String.join(", ", e.getValue()) + ": " + e.getKey()).collect(Collectors.joining("; "));
    }

    /** The functions that have one, and how often they moved. */
    String figures() {
        return figures;
    }

    /** Functions whose entry may be jumped over unseen, with the reason; else empty. */
    String unseen() {
        return unseen;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            places.values().forEach(place -> place.attachment.close());
            places.clear();
            entries.values().forEach(LoadedObject.Attachment::close);
            entries.clear();
        }
        LockSupport.unpark(thread);
    }
}
