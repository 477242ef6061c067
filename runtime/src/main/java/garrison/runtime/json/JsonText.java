// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Turns values into JSON texts of one line and back. Objects are {@link Map}s in order, arrays are {@link List}s; records are
 * objects of their components, whose names become snake_case.
 *
 * <p>Written as text: enums by name, {@link Instant}s in ISO-8601 with nine digits of a second, {@link Duration}s as seconds
 * (a number), byte arrays as lower-case hexadecimal, everything unknown by {@code toString}.
 */
public final class JsonText {
    /** An object or array nested deeper than this is refused when read. */
    public static final int MAX_DEPTH = 32;

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder().appendInstant(9).toFormatter(Locale.ROOT);

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxNumberLength(64).build())
            .characterEscapes(new TerminalSafe())
            .build();

    private JsonText() {}

    /** A value's JSON text, without a line feed anywhere. */
    public static String write(Object value) {
        StringWriter text = new StringWriter(256);
        try (JsonGenerator out = JSON.createGenerator(text)) {
            write(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException("a string writer failed", e);
        }
        return text.toString();
    }

    /**
     * Reads one JSON text. Whole numbers become {@link Long} where they fit, else {@link java.math.BigInteger}; others {@link Double}.
     *
     * @throws JsonSyntaxException if it is not one JSON value, has a key twice, or is nested deeper than {@link #MAX_DEPTH}
     */
    public static Object read(String text) {
        try (JsonParser in = JSON.createParser(text)) {
            if (in.nextToken() == null) {
                throw new JsonSyntaxException("nothing to read");
            }
            Object value = read(in);
            if (in.nextToken() != null) {
                throw new JsonSyntaxException("something follows the first value");
            }
            return value;
        } catch (StreamConstraintsException e) {
            throw new JsonSyntaxException(e.getOriginalMessage());
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new JsonSyntaxException(e.getOriginalMessage() + (e.getLocation() == null ? ""
                    : " at column " + e.getLocation().getColumnNr()));
        } catch (IOException e) {
            throw new UncheckedIOException("a string reader failed", e);
        }
    }

    private static Object read(JsonParser in) throws IOException {
        return switch (in.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> object = new LinkedHashMap<>();
                while (in.nextToken() != JsonToken.END_OBJECT) {
                    String name = in.currentName();
                    in.nextToken();
                    object.put(name, read(in));
                }
                yield object;
            }
            case START_ARRAY -> {
                List<Object> array = new ArrayList<>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    array.add(read(in));
                }
                yield array;
            }
            case VALUE_STRING -> in.getText();
            case VALUE_NUMBER_INT -> in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    ? in.getBigIntegerValue() : (Object) in.getLongValue();
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new JsonSyntaxException("unexpected " + in.currentToken());
        };
    }

    private static void write(JsonGenerator out, Object value) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case String text -> out.writeString(text);
            case Boolean truth -> out.writeBoolean(truth);
            case Byte number -> out.writeNumber(number);
            case Short number -> out.writeNumber(number);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case java.math.BigInteger number -> out.writeNumber(number);
            case Float number -> out.writeNumber(number);
            case Double number -> out.writeNumber(number);
            case Enum<?> constant -> out.writeString(constant.name());
            case Instant time -> out.writeString(TIME.format(time));
            case Duration duration -> out.writeNumber(duration.toNanos() / 1e9);
            case Optional<?> maybe -> write(out, maybe.orElse(null));
            case byte[] bytes -> out.writeString(HexFormat.of().formatHex(bytes));
            case Object[] array -> writeArray(out, Arrays.asList(array));
            case Map<?, ?> object -> writeObject(out, object);
            case Collection<?> array -> writeArray(out, array);
            case Record object -> writeObject(out, RecordShape.of(object).fields(object));
            default -> out.writeString(value.toString());
        }
    }

    private static void writeObject(JsonGenerator out, Map<?, ?> object) throws IOException {
        out.writeStartObject();
        for (Map.Entry<?, ?> entry : object.entrySet()) {
            out.writeFieldName(String.valueOf(entry.getKey()));
            write(out, entry.getValue());
        }
        out.writeEndObject();
    }

    private static void writeArray(JsonGenerator out, Collection<?> array) throws IOException {
        out.writeStartArray();
        for (Object item : array) {
            write(out, item);
        }
        out.writeEndArray();
    }
}
