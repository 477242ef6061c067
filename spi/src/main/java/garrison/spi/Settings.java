// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One HOCON object, read strictly: whoever reads it asks for every key it knows, then calls {@link #end()}, which refuses
 * all others by file, line and nearest valid key. So a misspelt key is an error and never a rule that silently does nothing.
 * For use by one thread.
 */
public final class Settings {
    private final ConfigObject object;
    private final String path;
    private final TreeSet<String> known = new TreeSet<>();
    /** By full name: whoever asks twice gets the same object, and may ask for some keys here and for others there. */
    private final Map<String, Settings> children = new LinkedHashMap<>();

    private Settings(ConfigObject object, String path) {
        this.object = object;
        this.path = path;
    }

    /**
     * Reads an object.
     *
     * @param config resolved
     * @param path how errors call it, for example {@code garrison.plugins.file-guard}
     */
    public static Settings of(Config config, String path) {
        return new Settings(config.root(), path);
    }

    /** The full name of a key, for messages. */
    public String nameOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** Whether a key is present (and not null). Counts as asking for it. */
    public boolean has(String key) {
        return find(key) != null;
    }

    /** A string that must be there. Numbers and booleans are taken as their text. */
    public String string(String key) {
        return text(key, require(key));
    }

    /** A string, or the default. */
    public String string(String key, String fallback) {
        ConfigValue value = find(key);
        return value == null ? fallback : text(key, value);
    }

    /** A list of strings; empty when absent. A single string is taken as a list of one. */
    public List<String> strings(String key) {
        ConfigValue value = find(key);
        if (value == null) {
            return List.of();
        }
        if (value.valueType() != ConfigValueType.LIST) {
            return List.of(text(key, value));
        }
        List<String> all = new ArrayList<>();
        for (ConfigValue item : (com.typesafe.config.ConfigList) value) {
            all.add(text(key, item));
        }
        return List.copyOf(all);
    }

    /**
     * An absolute path; it need not exist.
     *
     * @param example one that would do, for the message
     */
    public Path path(String key, String example) {
        return absolute(key, string(key), example);
    }

    /**
     * Absolute paths in a list, or one alone; none if the key is absent.
     *
     * @param example one that would do, for the message
     */
    public List<Path> paths(String key, String example) {
        return strings(key).stream().map(text -> absolute(key, text, example)).toList();
    }

    private Path absolute(String key, String text, String example) {
        String remedy = "write an absolute path, for example " + example;
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            throw error(key, "holds '" + text + "', no path: " + e.getReason(),
                    remedy + "; for names beyond ASCII run Garrison in a UTF-8 locale (LC_ALL=C.UTF-8)");
        }
        throw error(key, "holds '" + text + "', a relative path", remedy);
    }

    /** true or false, or the default. */
    public boolean bool(String key, boolean fallback) {
        ConfigValue value = find(key);
        return value == null ? fallback : convert(key, value, "true or false", c -> c.getBoolean("v"));
    }

    /**
     * A whole number, or the default.
     *
     * @param min smallest allowed
     * @param max largest allowed
     */
    public long integer(String key, long min, long max, long fallback) {
        ConfigValue value = find(key);
        if (value == null) {
            return fallback;
        }
        long number = convert(key, value, "a whole number", c -> {
            Number n = c.getNumber("v");
            if (n.doubleValue() != Math.rint(n.doubleValue())) {
                throw new ConfigException.BadValue("v", "fraction");
            }
            return n.longValue();
        });
        if (number < min || number > max) {
            throw at(value, nameOf(key) + " is " + number, "give a number from " + min + " to " + max);
        }
        return number;
    }

    /**
     * A length of time with its unit, {@code 10s}, {@code 500 ms}, {@code 2 minutes}; or the default.
     *
     * @param min shortest allowed
     * @param max longest allowed
     */
    public Duration duration(String key, Duration min, Duration max, Duration fallback) {
        ConfigValue value = find(key);
        if (value == null) {
            return fallback;
        }
        Duration duration = convert(key, value, "a time with its unit, for example 10s", c -> c.getDuration("v"));
        if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
            throw at(value, nameOf(key) + " is " + duration.toMillis() + " ms", "give a time from " + min.toMillis() + " ms to "
                    + max.toMillis() + " ms");
        }
        return duration;
    }

    /** One constant of an enum, written in any case with dashes or underscores; or the default. */
    public <E extends Enum<E>> E choice(String key, Class<E> type, E fallback) {
        ConfigValue value = find(key);
        return value == null ? fallback : constant(key, value, type);
    }

    /** Constants of an enum, in the order written; empty when absent. A single word is taken as a list of one. */
    public <E extends Enum<E>> List<E> choices(String key, Class<E> type) {
        ConfigValue value = find(key);
        if (value == null) {
            return List.of();
        }
        if (value.valueType() != ConfigValueType.LIST) {
            return List.of(constant(key, value, type));
        }
        List<E> all = new ArrayList<>();
        for (ConfigValue item : (com.typesafe.config.ConfigList) value) {
            all.add(constant(key, item, type));
        }
        return List.copyOf(all);
    }

    /** A list of objects; empty when absent. Each is ended by this object's {@link #end()}. */
    public List<Settings> objects(String key) {
        ConfigValue value = find(key);
        if (value == null) {
            return List.of();
        }
        if (value.valueType() != ConfigValueType.LIST) {
            throw at(value, nameOf(key) + " is " + article(value), "write a list: " + key + " = [ { … } ]");
        }
        List<Settings> all = new ArrayList<>();
        for (ConfigValue item : (com.typesafe.config.ConfigList) value) {
            all.add(child(key, nameOf(key) + "[" + all.size() + "]", item));
        }
        return List.copyOf(all);
    }

    /** An object; absent reads as an object without keys. It is ended by this object's {@link #end()}. */
    public Settings object(String key) {
        ConfigValue value = find(key);
        return value == null
                ? new Settings(com.typesafe.config.ConfigFactory.empty().root(), nameOf(key))
                : child(key, nameOf(key), value);
    }

    /** The keys that are there, in alphabetical order, for objects whose keys are names. None of them is known by that. */
    public List<String> keys() {
        return List.copyOf(new TreeSet<>(object.keySet()));
    }

    /** The named objects below a key, each {@code name { … }}, in the order of the names. */
    public Map<String, Settings> named(String key) {
        Settings parent = object(key);
        Map<String, Settings> all = new LinkedHashMap<>();
        for (String name : new TreeSet<>(parent.object.keySet())) {
            all.put(name, parent.object(name));
        }
        return all;
    }

    /**
     * Refuses every key that nobody asked for, here and in all objects read from here.
     *
     * @throws ConfigurationException with file, line, the key and the nearest valid one
     */
    public void end() {
        // Not its entries: the library makes a set of them, for which it hashes all that they hold.
        for (String key : object.keySet()) {
            if (!known.contains(key)) {
                throw at(object.get(key), "unknown key " + nameOf(key), suggestion(key));
            }
        }
        children.values().forEach(Settings::end);
    }

    /**
     * An error about one key's value, for checks that only the reader can make.
     *
     * @param key the key; its place is the value's, or this object's when it is absent
     * @param problem what is wrong, without the key's name
     * @param remedy what to write instead
     */
    public ConfigurationException error(String key, String problem, String remedy) {
        ConfigValue value = object.get(key);
        return at(value == null ? object : value, nameOf(key) + " " + problem, remedy);
    }

    private Settings child(String key, String name, ConfigValue value) {
        if (!(value instanceof ConfigObject child)) {
            throw at(value, name + " is " + article(value), "write an object: " + key + " { … }");
        }
        return children.computeIfAbsent(name, n -> new Settings(child, n));
    }

    private ConfigValue find(String key) {
        known.add(key);
        ConfigValue value = object.get(key);
        return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
    }

    private ConfigValue require(String key) {
        ConfigValue value = find(key);
        if (value == null) {
            throw at(object, nameOf(key) + " is missing", "add " + key + " = …");
        }
        return value;
    }

    private String text(String key, ConfigValue value) {
        return switch (value.valueType()) {
            case STRING, NUMBER, BOOLEAN -> String.valueOf(value.unwrapped());
            default -> throw at(value, nameOf(key) + " is " + article(value), "write text");
        };
    }

    private <E extends Enum<E>> E constant(String key, ConfigValue value, Class<E> type) {
        String word = text(key, value);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(word.toUpperCase(Locale.ROOT).replace('-', '_'))) {
                return constant;
            }
        }
        List<String> words = Arrays.stream(type.getEnumConstants())
                .map(c -> type == Mode.class ? c.name() : c.name().toLowerCase(Locale.ROOT).replace('_', '-')).toList();
        throw at(value, nameOf(key) + " is '" + word + "'", "write one of " + String.join(", ", words));
    }

    private <T> T convert(String key, ConfigValue value, String wanted, java.util.function.Function<Config, T> read) {
        try {
            return read.apply(value.atKey("v"));
        } catch (ConfigException e) {
            throw at(value, nameOf(key) + " is " + value.unwrapped(), "write " + wanted);
        }
    }

    private String suggestion(String key) {
        Optional<String> nearest = known.stream()
                .min((a, b) -> Integer.compare(distance(a, key), distance(b, key)))
                .filter(k -> distance(k, key) <= Math.max(2, key.length() / 3));
        return nearest.map(k -> "did you mean '" + k + "'? ").orElse("")
                + (known.isEmpty() ? "no key is allowed here" : "known keys: " + String.join(", ", known));
    }

    private static ConfigurationException at(ConfigValue value, String problem, String remedy) {
        ConfigOrigin origin = value.origin();
        return new ConfigurationException(place(origin), problem, remedy);
    }

    /** File name as given by the user, without the scheme that the parser puts before it. */
    private static String place(ConfigOrigin origin) {
        String name = origin.filename() != null ? origin.filename() : origin.description();
        if (origin.filename() == null) {
            return name;
        }
        return origin.lineNumber() > 0 ? name + ":" + origin.lineNumber() : name;
    }

    private static String article(ConfigValue value) {
        return switch (value.valueType()) {
            case OBJECT -> "an object";
            case LIST -> "a list";
            default -> "'" + value.unwrapped() + "'";
        };
    }

    /** Levenshtein distance; keys are short. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
