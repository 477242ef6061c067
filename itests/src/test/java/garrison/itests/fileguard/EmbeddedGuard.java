// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import garrison.framework.Garrison;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Result;
import garrison.fileguard.FileAccessEvent;
import garrison.fileguard.FileAccessesUntold;
import garrison.fileguard.FileGuard;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A Garrison with file-guard in this JVM, and what it told, by the acting process. */
final class EmbeddedGuard implements AutoCloseable {
    static final List<Operation> EVERYTHING = List.of(Operation.values());
    static final String PLUGIN = "file-guard";

    private final Map<Long, List<Report>> reports = new ConcurrentHashMap<>();
    private final Map<Long, List<FileAccessEvent.Ancestor>> ancestors = new ConcurrentHashMap<>();
    private final Map<Long, String> seenPaths = new ConcurrentHashMap<>();
    private final Map<String, Long> untold = new ConcurrentHashMap<>();
    private final Set<Long> killed = ConcurrentHashMap.newKeySet();
    private final Path sentinel;
    private final Garrison garrison;

    private EmbeddedGuard() {
        try {
            sentinel = Files.writeString(Guest.scratch("sentinel").resolve("file"), "sentinel\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        garrison = Garrison.builder().config(withSentinel(new Policy(Mode.AUDIT)).config()).plugin(new FileGuard())
                .on(FileAccessEvent.class, this::heard)
                .on(FileAccessesUntold.class, event -> untold.merge(event.rule(), event.count(), Long::sum)).start();
        requireActive();
    }

    /** Starts with a policy that protects nothing but the file which {@link #settle} attacks. */
    static EmbeddedGuard start() {
        return new EmbeddedGuard();
    }

    private void heard(FileAccessEvent event) {
        Report report = new Report(event.time(), event.rule(), event.operation(), event.path(), event.otherPath(),
                event.pid(), event.verdict() != 0);
        if (event.killed()) {
            killed.add(report.pid());
        }
        seenPaths.put(report.pid(), event.seenPath());
        ancestors.put(report.pid(), event.ancestors());
        reports.computeIfAbsent(report.pid(), pid -> new CopyOnWriteArrayList<>()).add(report);
    }

    private void requireActive() {
        var status = garrison.status().plugins().getFirst();
        if (status.state() != PluginState.ACTIVE) {
            throw new AssertionError("file-guard is " + status.state() + ": " + status.reason());
        }
    }

    Garrison garrison() {
        return garrison;
    }

    /** Puts a policy in force. */
    Duration reload(Policy policy) {
        return garrison.reload(withSentinel(policy).config());
    }

    /** Waits until all that has happened so far has been told: one more act is, and the ring keeps the order. */
    void settle() {
        Outcome last = Guest.attacks().run("open-write", sentinel.toString());
        Guest.await("the event of the sentinel", () -> reports.containsKey(last.pid()));
    }

    /** What was told of an attack. */
    List<Report> reports(Result result) {
        return reports(result.outcome().pid());
    }

    /** What was told of a process. */
    List<Report> reports(long pid) {
        return List.copyOf(reports.getOrDefault(pid, List.of()));
    }

    /** What was told of anybody. */
    List<Report> all() {
        return reports.values().stream().flatMap(List::stream).toList();
    }

    /** Which processes were told as those above another. */
    List<FileAccessEvent.Ancestor> ancestors(long pid) {
        return ancestors.getOrDefault(pid, List.of());
    }

    /** As what the process saw the object of its last act that was told. */
    String seenPath(long pid) {
        return seenPaths.getOrDefault(pid, "nothing was told");
    }

    /** How many events of a rule were told as not told. */
    long untold(String rule) {
        return untold.getOrDefault(rule, 0L);
    }

    /** Whether it was told that a process was killed. */
    boolean killed(long pid) {
        return killed.contains(pid);
    }

    private Policy withSentinel(Policy policy) {
        return policy.rule("sentinel", Attack.Rule.OBJECT, sentinel, Operation.WRITE);
    }

    @Override
    public void close() {
        garrison.close();
    }
}
