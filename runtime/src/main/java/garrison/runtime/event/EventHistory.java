// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import garrison.runtime.config.RuntimeSettings.EventLogSettings;
import garrison.runtime.json.JsonSyntaxException;
import garrison.runtime.json.JsonText;
import garrison.spi.GarrisonException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What an {@link EventLog} still holds, its full files included. For one thread. */
public final class EventHistory {
    private final EventLogSettings log;
    private final Instant since;
    private long unreadable;

    /** @param since lines of an earlier time are passed over */
    public EventHistory(EventLogSettings log, Instant since) {
        this.log = log;
        this.since = since;
    }

    /**
     * The lines by their fields, oldest first; to be read once. Lines that are no events, such as one torn by a crash, are counted.
     *
     * @throws GarrisonException if there is no such log, or this user may not read it
     */
    public Stream<Map<String, Object>> lines() {
        List<Path> files = new ArrayList<>();
        for (int i = log.keep(); i > 0; i--) {
            files.add(log.file().resolveSibling(log.file().getFileName() + "." + i));
        }
        files.removeIf(Files::notExists);
        files.add(log.file());
        return files.stream().flatMap(EventHistory::texts).flatMap(this::event);
    }

    /** How many lines could not be read. */
    public long unreadable() {
        return unreadable;
    }

    private static Stream<String> texts(Path file) {
        try {
            // Bytes that are no UTF-8 end no reading: a line that holds some is torn.
            BufferedReader reader = new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8));
            return reader.lines().onClose(() -> close(reader));
        } catch (IOException e) {
            throw new GarrisonException("the event log " + file + " cannot be read: " + e, e);
        }
    }

    private static void close(BufferedReader reader) {
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Stream<Map<String, Object>> event(String text) {
        try {
            if (JsonText.read(text) instanceof Map<?, ?> fields && fields.get("time") instanceof String time) {
                if (Instant.parse(time).isBefore(since)) {
                    return Stream.empty();
                }
                Map<String, Object> event = LinkedHashMap.newLinkedHashMap(fields.size());
                fields.forEach((key, value) -> event.put(String.valueOf(key), value));
                return Stream.of(event);
            }
        } catch (JsonSyntaxException | DateTimeException e) {
            // Counted below, as what is no event.
        }
        unreadable += text.isEmpty() ? 0 : 1;
        return Stream.empty();
    }
}
