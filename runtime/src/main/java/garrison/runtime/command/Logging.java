// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.util.Locale;

/**
 * The logging back end's settings: to standard error, with time and level. The back end reads them once, when the first logger
 * is made, so a command sets them before anything else; what is set with {@code -D} goes before.
 */
public final class Logging {
    /** ISO 8601, in the form that the back end understands. */
    public static final String TIME = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";

    /** How much is logged. */
    enum Level { TRACE, DEBUG, INFO, WARN, ERROR }

    private Logging() {}

    /** For a command that is soon over: without the time, whose format would take longer than the rest of the logging. */
    static void brief(Level level) {
        set("defaultLogLevel", level.name().toLowerCase(Locale.ROOT));
        set("logFile", "System.err");
        set("showThreadName", "false");
        set("showShortLogName", "true");
    }

    static void to(Level level) {
        set("defaultLogLevel", level.name().toLowerCase(Locale.ROOT));
        set("logFile", "System.err");
        set("showDateTime", "true");
        set("dateTimeFormat", TIME);
        set("showThreadName", String.valueOf(level.compareTo(Level.DEBUG) <= 0));
        set("showShortLogName", "true");
    }

    private static void set(String key, String value) {
        String property = "org.slf4j.simpleLogger." + key;
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
