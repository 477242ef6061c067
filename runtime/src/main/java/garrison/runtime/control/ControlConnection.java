// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventStream;
import garrison.runtime.json.JsonText;
import garrison.spi.ConfigurationException;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client's connection: whatever it sends, it gets an answer or is closed, and nobody else notices. */
final class ControlConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);
    /** How often a streaming client is looked at when no event comes. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final LineChannel lines;
    private final Operations operations;
    private final Limits limits;
    private final String name;

    ControlConnection(LineChannel lines, Operations operations, Limits limits, String name) {
        this.lines = lines;
        this.operations = operations;
        this.limits = limits;
        this.name = name;
    }

    void serve() throws IOException, InterruptedException {
        try {
            Optional<String> line = lines.readLine(limits.idle());
            while (line.isPresent()) {
                Optional<EventStream> stream = answer(line.get());
                if (stream.isPresent()) {
                    stream(stream.get());
                    return;
                }
                line = lines.readLine(limits.idle());
            }
        } catch (LineChannel.BadLine e) {
            lines.write(line(failure("usage", e.getMessage())));
        }
    }

    /** Answers one line; a stream when the connection turns into one. */
    private Optional<EventStream> answer(String line) throws IOException {
        EventStream stream = null;
        Map<String, Object> response;
        try {
            Request request = Request.parse(line);
            if (request.operation().equals("events")) {
                EventFilter filter = new EventFilter(Set.copyOf(request.strings("types")), Set.copyOf(request.strings("plugins")));
                request.end();
                stream = operations.events(filter, name);
                response = success(Map.of("streaming", true));
            } else {
                response = success(operations.answer(request));
            }
        } catch (RequestException e) {
            response = failure("usage", e.getMessage());
        } catch (ConfigurationException e) {
            response = failure("configuration", e.getMessage());
        } catch (GarrisonException e) {
            LOG.debug("{}: {}", name, line, e);
            response = failure("failure", e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("control request failed by a defect of the program: {}", line, e);
            response = failure("failure", "a defect of the program: " + e + "; its log has the stack trace");
        }
        try {
            lines.write(line(response));
        } catch (IOException e) {
            if (stream != null) {
                stream.close();
            }
            throw e;
        }
        return Optional.ofNullable(stream);
    }

    private void stream(EventStream events) throws IOException, InterruptedException {
        try (events) {
            while (!events.finished()) {
                Optional<byte[]> line = events.next(LOOK);
                if (line.isPresent()) {
                    lines.write(line.get());
                } else if (lines.peerHasGone()) {
                    return;
                }
            }
        }
    }

    /** Tells a client why it is not served, as far as that can be done without waiting, and closes. */
    void refuse(String reason) {
        try {
            lines.write(line(failure("failure", reason)));
        } catch (IOException e) {
            LOG.debug("{} did not wait for the refusal: {}", name, e.toString());
        } finally {
            close();
        }
    }

    /** The request being answered is the last. A stream goes on until its events end. */
    void lastRequest() {
        lines.readNoMore();
    }

    private static Map<String, Object> success(Object result) {
        Map<String, Object> response = new LinkedHashMap<>();
        response.put("ok", true);
        response.put("result", result);
        return response;
    }

    private static Map<String, Object> failure(String kind, String error) {
        Map<String, Object> response = new LinkedHashMap<>();
        response.put("ok", false);
        response.put("kind", kind);
        response.put("error", error);
        return response;
    }

    private static byte[] line(Object value) {
        return (JsonText.write(value) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            LOG.debug("{}: {}", name, e.toString());
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
