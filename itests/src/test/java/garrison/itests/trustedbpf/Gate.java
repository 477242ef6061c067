// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import com.typesafe.config.ConfigUtil;
import garrison.framework.Garrison;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Outcome;
import garrison.spi.Event;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import garrison.trustedbpf.BpfUseEvent;
import garrison.trustedbpf.EarlierProgramEvent;
import garrison.trustedbpf.LoaderTrustEvent;
import garrison.trustedbpf.TrustedBpf;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** A Garrison with trusted-bpf in this JVM, and what it told, by the acting process. */
final class Gate implements AutoCloseable {
    private final Map<Long, List<Event>> events = new ConcurrentHashMap<>();
    private final List<EarlierProgramEvent> earlier = new CopyOnWriteArrayList<>();
    private final Garrison garrison;

    private Gate(String policy) {
        garrison = Garrison.builder().config(Policy.parse(policy)).plugin(new TrustedBpf())
                .on(BpfUseEvent.class, event -> heard(event.pid(), event))
                .on(LoaderTrustEvent.class, event -> heard(event.pid(), event))
                .on(EarlierProgramEvent.class, earlier::add).start();
        var status = garrison.status().plugins().getFirst();
        if (status.state() != PluginState.ACTIVE) {
            throw new AssertionError("trusted-bpf is " + status.state() + ": " + status.reason());
        }
    }

    static Gate start(String policy) {
        return new Gate(policy);
    }

    /** A configuration as a person would write it. */
    static String policy(Mode mode, List<Path> certificates, List<Path> revoked, Path list, String more) {
        return "garrison.plugins.trusted-bpf { mode = " + mode + ", certificates = " + paths(certificates) + ", revoked = " + paths(revoked)
                + ", signatures = " + ConfigUtil.quoteString(Loaders.byList() ? list.toString() : "") + "\n" + more + " }";
    }

    private static String paths(List<Path> paths) {
        return paths.stream().map(path -> ConfigUtil.quoteString(path.toString())).collect(Collectors.joining(", ", "[ ", " ]"));
    }

    private void heard(int pid, Event event) {
        events.computeIfAbsent((long) pid, p -> new CopyOnWriteArrayList<>()).add(event);
    }

    Garrison garrison() {
        return garrison;
    }

    void reload(String policy) {
        garrison.reload(Policy.parse(policy));
    }

    /** Waits until all that has happened so far has been told: one more act is, and the ring keeps the order. */
    void settle() {
        Outcome last = Guest.attacks().run("bpf-map-create");
        Guest.await("the event of the sentinel", () -> events.containsKey(last.pid()));
    }

    /** What a process did without being trusted. */
    List<BpfUseEvent> uses(long pid) {
        return of(pid, BpfUseEvent.class);
    }

    /** What became of its trust. */
    List<LoaderTrustEvent> trust(long pid) {
        return of(pid, LoaderTrustEvent.class);
    }

    /** What was there before it. */
    List<EarlierProgramEvent> earlier() {
        return List.copyOf(earlier);
    }

    /** All that was told so far, of whomever, for the words of a failure. */
    String told() {
        return events.values().stream().flatMap(List::stream).map(Event::toString).collect(Collectors.joining("\n"));
    }

    private <E> List<E> of(long pid, Class<E> type) {
        return events.getOrDefault(pid, List.of()).stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Override
    public void close() {
        garrison.close();
    }
}
