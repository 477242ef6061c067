// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.BpfMap;
import garrison.spi.BpfProgram;
import garrison.spi.BpfRemoval;
import garrison.spi.LoadedObject;
import garrison.spi.PluginContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What others had loaded before the gate closed, and is still there. The kernel keeps the moment, also when programs are exchanged. */
final class EarlierPrograms implements AutoCloseable {
    static final String MAP = "closed";
    /** So many are named in the status. */
    private static final int NAMED = 10;

    /** Keys of the map: enum trust_closed. */
    private static final byte[] AT = key(0);
    private static final byte[] REMOVAL = key(1);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final PluginContext context;
    private final BpfMap closed;
    private Thread asking;

    EarlierPrograms(PluginContext context, LoadedObject object) {
        this.context = context;
        closed = object.map(MAP);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(number).array();
    }

    /** When the gate was asked for the first time; empty before. */
    private Optional<Instant> since() {
        return Optional.of(number(AT)).filter(at -> at != 0).map(context::time);
    }

    private List<BpfProgram> programs(Instant since) {
        return context.programs().all().stream().filter(program -> !program.own() && program.loaded().isBefore(since)).toList();
    }

    /**
     * The gate notices that it is closed, or refuses, when it is asked; if nobody does for a second we do, by a look at what it noticed. In
     * AUDIT, where a removal has to wait, that goes on.
     */
    synchronized void ask() {
        if (asking == null || !asking.isAlive()) {
            asking = Thread.ofPlatform().daemon().name("trusted-bpf-gate").start(() -> {
                try {
                    do {
                        Thread.sleep(PAUSE);
                    } while (number(AT) == 0 || number(REMOVAL) != 0);
                } catch (InterruptedException e) {
                    // The session ends.
                }
            });
        }
    }

    /** Nothing is asked any more when this returns. */
    @Override
    public synchronized void close() {
        if (asking != null) {
            asking.interrupt();
            try {
                asking.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long number(byte[] key) {
        return closed.lookup(key).map(value -> ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong()).orElse(0L);
    }

    /** Has the kernel say when they are to be removed: at once if it refuses already, else as soon as it does. */
    void wantRemoval(boolean wanted) {
        closed.update(REMOVAL, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(wanted ? 1 : 0).array());
    }

    /** An event for each. */
    void tell() {
        since().ifPresent(since -> programs(since).forEach(program -> tell(since, program, "")));
    }

    /** Removes those that the policy does not keep, and tells of each. */
    void remove(Predicate<String> kept) {
        since().ifPresent(since -> {
            Map<Boolean, List<BpfProgram>> all = programs(since).stream().collect(Collectors.partitioningBy(program -> kept.test(program.name())));
            all.get(true).forEach(program -> tell(since, program, "kept"));
            Map<Long, BpfRemoval> removals = context.programs().remove(all.get(false)).stream()
                    .collect(Collectors.toMap(BpfRemoval::id, removal -> removal));
            all.get(false).forEach(program -> tell(since, program, words(removals.get(program.id()))));
        });
    }

    private void tell(Instant since, BpfProgram program, String removal) {
        context.publish(new EarlierProgramEvent(TrustedBpf.NAME, since, program.id(), program.name(), program.kind(), program.loaded(),
                program.uid(), removal));
    }

    private static String words(BpfRemoval removal) {
        List<String> words = new ArrayList<>();
        removal.pins().forEach(pin -> words.add("unpinned " + pin));
        if (removal.detached() > 0) {
            words.add("detached " + removal.detached());
        }
        if (removal.attached() > 0) {
            words.add("not to be detached " + removal.attached());
        }
        removal.holders().forEach(pid -> words.add("held by " + pid));
        return words.isEmpty() ? "nothing found to remove" : String.join(", ", words);
    }

    /** For the status; empty when there are none. */
    String words() {
        List<BpfProgram> programs = since().map(this::programs).orElse(List.of());
        String named = programs.stream().limit(NAMED).map(program -> program.id() + " " + program.name() + " (" + program.kind() + ", uid "
                + program.uid() + ")").collect(Collectors.joining(", "));
        return programs.isEmpty() ? "" : programs.size() + ": " + named + (programs.size() > NAMED ? ", ..." : "");
    }
}
