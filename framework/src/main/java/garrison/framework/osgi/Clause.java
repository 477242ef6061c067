// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.spi.GarrisonException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One clause of a manifest header: {@code path;attribute=value;directive:=value}.
 *
 * @param path the first part; a namespace in {@code Require-Capability} and {@code Provide-Capability}
 * @param attributes by name, with the type behind a colon if there is one; in order
 * @param directives by name; in order
 */
record Clause(String path, Map<String, String> attributes, Map<String, String> directives) {
    /**
     * Reads a header.
     *
     * @param where the header and its file, for errors
     * @throws GarrisonException if it is none
     */
    static List<Clause> parse(String where, String header) {
        List<Clause> clauses = new ArrayList<>();
        for (String text : split(where, header, ',')) {
            List<String> parts = split(where, text, ';');
            Map<String, String> attributes = new LinkedHashMap<>();
            Map<String, String> directives = new LinkedHashMap<>();
            for (String part : parts.subList(1, parts.size())) {
                int equals = part.indexOf('=');
                if (equals < 1) {
                    throw new GarrisonException(where + ": '" + part + "' is neither an attribute nor a directive");
                }
                boolean directive = part.charAt(equals - 1) == ':';
                (directive ? directives : attributes).put(part.substring(0, directive ? equals - 1 : equals).strip(),
                        unquoted(part.substring(equals + 1).strip()));
            }
            clauses.add(new Clause(parts.getFirst(), attributes, directives));
        }
        return clauses;
    }

    /** The inverse. */
    static String header(List<Clause> clauses) {
        return clauses.stream().map(Clause::text).collect(Collectors.joining(","));
    }

    /** As in a header. */
    String text() {
        StringBuilder text = new StringBuilder(path);
        attributes.forEach((name, value) -> text.append(';').append(name).append('=').append(quoted(value)));
        directives.forEach((name, value) -> text.append(';').append(name).append(":=").append(quoted(value)));
        return text.toString();
    }

    private static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String unquoted(String value) {
        if (value.length() < 2 || value.charAt(0) != '"' || !value.endsWith("\"")) {
            return value;
        }
        StringBuilder plain = new StringBuilder(value.length());
        for (int i = 1; i < value.length() - 1; i++) {
            if (value.charAt(i) == '\\' && i + 1 < value.length() - 1) {
                i++;
            }
            plain.append(value.charAt(i));
        }
        return plain.toString();
    }

    private static List<String> split(String where, String text, char separator) {
        List<String> parts = new ArrayList<>();
        boolean quoted = false;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && quoted) {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                parts.add(text.substring(from, i).strip());
                from = i + 1;
            }
        }
        if (quoted) {
            throw new GarrisonException(where + ": a quotation mark is missing in " + text);
        }
        parts.add(text.substring(from).strip());
        return parts;
    }
}
