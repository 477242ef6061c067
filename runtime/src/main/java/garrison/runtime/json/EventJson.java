// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import garrison.spi.Event;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An event's line: {@code time}, {@code plugin} and {@code type} first, then the record's other components in their order.
 * An event that is no record has the first three fields and {@code text}, its {@code toString}.
 */
public final class EventJson {
    private EventJson() {}

    /** The event's JSON text, without a line feed. */
    public static String line(Event event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", event.time());
        line.put("plugin", event.plugin());
        line.put("type", event.type());
        if (event instanceof Record fields) {
            RecordShape.of(fields).fields(fields).forEach(line::putIfAbsent);
        } else {
            line.put("text", event.toString());
        }
        return JsonText.write(line);
    }
}
