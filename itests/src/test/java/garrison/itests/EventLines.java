// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A running {@code garrison events}: every line it prints, parsed. A line that is no JSON object is remembered as such. */
public final class EventLines implements AutoCloseable {
    private final Process process;
    private final List<Map<String, Object>> events = new CopyOnWriteArrayList<>();
    private final List<String> unreadable = new CopyOnWriteArrayList<>();
    private final Thread reader;

    EventLines(Process process) {
        this.process = process;
        this.reader = Thread.ofPlatform().name("events").daemon().start(this::read);
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                try {
                    events.add(Json.object(Json.parse(line)));
                } catch (IllegalArgumentException | UncheckedIOException | ClassCastException e) {
                    unreadable.add(line);
                }
            }
        } catch (IOException e) {
            unreadable.add("(" + e.getMessage() + ")");
        }
    }

    /** All so far. */
    public List<Map<String, Object>> all() {
        return List.copyOf(events);
    }

    /** Lines that were no JSON object; should be empty. */
    public List<String> unreadable() {
        return List.copyOf(unreadable);
    }

    /** What file-guard told of a process so far. */
    public List<Report> reports(long pid) {
        return events.stream().filter(e -> "file_access".equals(e.get("type"))).map(EventLines::report)
                .filter(r -> r.pid() == pid).toList();
    }

    private static Report report(Map<String, Object> event) {
        return new Report(Instant.parse((String) event.get("time")), (String) event.get("rule"), (String) event.get("operation"),
                (String) event.get("path"), (String) event.get("other_path"), ((Number) event.get("pid")).longValue(),
                ((Number) event.get("verdict")).intValue() != 0);
    }

    /** Whether the command has printed all and ended. */
    public boolean ended() {
        return !process.isAlive() && !reader.isAlive();
    }

    /** Its exit status, once ended. */
    public int exit() {
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
