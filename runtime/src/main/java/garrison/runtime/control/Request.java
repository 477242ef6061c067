// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.runtime.json.JsonSyntaxException;
import garrison.runtime.json.JsonText;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** One request: an operation and its arguments, read strictly. */
public final class Request {
    private final String operation;
    private final Map<?, ?> object;
    private final Set<String> known = new TreeSet<>(Set.of("op"));

    private Request(String operation, Map<?, ?> object) {
        this.operation = operation;
        this.object = object;
    }

    /** @throws RequestException if the line is no JSON object with a string {@code op} */
    static Request parse(String line) {
        Object value;
        try {
            value = JsonText.read(line);
        } catch (JsonSyntaxException e) {
            throw new RequestException("not JSON: " + e.getMessage());
        }
        if (value instanceof Map<?, ?> object && object.get("op") instanceof String operation) {
            return new Request(operation, object);
        }
        throw new RequestException("a request is an object with a string \"op\"");
    }

    /** The operation's name. */
    public String operation() {
        return operation;
    }

    /** An argument that must be there. */
    public String string(String key) {
        known.add(key);
        if (object.get(key) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new RequestException(operation + " needs a string \"" + key + "\"");
    }

    /** A list of strings; absent reads as empty. */
    public List<String> strings(String key) {
        known.add(key);
        return switch (object.get(key)) {
            case null -> List.of();
            case List<?> list when list.stream().allMatch(String.class::isInstance) ->
                    list.stream().map(String.class::cast).toList();
            default -> throw new RequestException("\"" + key + "\" of " + operation + " is a list of strings");
        };
    }

    /** Refuses arguments that nobody asked for. */
    public void end() {
        for (Object key : object.keySet()) {
            if (!known.contains(key)) {
                throw new RequestException(operation + " has no argument \"" + key + "\"; known: " + String.join(", ", known));
            }
        }
    }
}
