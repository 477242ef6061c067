// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.BpfMap;
import garrison.spi.BpfProgram;
import garrison.spi.LoadedObject;
import garrison.spi.PluginContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What others had loaded before the gate closed, and is still there. The kernel keeps the moment, also when programs are exchanged. */
final class EarlierPrograms {
    static final String MAP = "closed";
    /** So many are named in the status. */
    private static final int NAMED = 10;

    private final PluginContext context;
    private final BpfMap closed;

    EarlierPrograms(PluginContext context, LoadedObject object) {
        this.context = context;
        closed = object.map(MAP);
    }

    /** When the gate was asked for the first time; empty before. */
    private Optional<Instant> since() {
        return closed.lookup(TrustedBpfSession.FIRST).map(value -> ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong()).filter(at -> at != 0)
                .map(context::time);
    }

    private List<BpfProgram> programs(Instant since) {
        return context.programs().stream().filter(program -> !program.own() && program.loaded().isBefore(since)).toList();
    }

    /** An event for each. */
    void tell() {
        since().ifPresent(since -> programs(since).forEach(program -> context.publish(new EarlierProgramEvent(TrustedBpf.NAME, since,
                program.id(), program.name(), program.kind(), program.loaded(), program.uid()))));
    }

    /** For the status; empty when there are none. */
    String words() {
        List<BpfProgram> programs = since().map(this::programs).orElse(List.of());
        String named = programs.stream().limit(NAMED).map(program -> program.id() + " " + program.name() + " (" + program.kind() + ", uid "
                + program.uid() + ")").collect(Collectors.joining(", "));
        return programs.isEmpty() ? "" : programs.size() + ": " + named + (programs.size() > NAMED ? ", ..." : "");
    }
}
