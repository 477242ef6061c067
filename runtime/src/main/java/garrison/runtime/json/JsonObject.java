// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import java.util.List;
import java.util.Map;

/**
 * A JSON object that was read, for a reader who shows it: what is absent or of another kind reads as empty or 0, so that a
 * program can show an instance of a slightly different version.
 *
 * @param fields as {@link JsonText#read} gives them
 */
public record JsonObject(Map<?, ?> fields) {
    /** The object in a value; one without fields if it is none. */
    public static JsonObject of(Object value) {
        return new JsonObject(value instanceof Map<?, ?> map ? map : Map.of());
    }

    /** Any value as text. */
    public String text(String key) {
        Object value = fields.get(key);
        return value == null ? "" : value.toString();
    }

    /** A whole number. */
    public long number(String key) {
        return fields.get(key) instanceof Number number ? number.longValue() : 0;
    }

    /** An object. */
    public JsonObject object(String key) {
        return of(fields.get(key));
    }

    /** An array of objects. */
    public List<JsonObject> objects(String key) {
        return fields.get(key) instanceof List<?> list ? list.stream().map(JsonObject::of).toList() : List.of();
    }

    /** An array of texts. */
    public List<String> texts(String key) {
        return fields.get(key) instanceof List<?> list ? list.stream().map(String::valueOf).toList() : List.of();
    }
}
