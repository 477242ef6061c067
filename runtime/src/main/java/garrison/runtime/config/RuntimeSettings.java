// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.config;

import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code garrison.runtime}.
 *
 * @param bundles names in the bundle directory, or paths or globs of jars; never empty
 * @param bundleDirectory where names are looked up
 * @param controlSocket the Unix domain socket of the control commands
 * @param cacheDirectory Felix's, made and cleaned at start
 * @param eventLog where events are also written, if anywhere
 * @param maxClients control clients at one time
 * @param clientQueue events kept for a client that reads too slowly; what comes beyond is counted as lost
 * @param onFailure what to do when a plugin fails at start
 */
public record RuntimeSettings(List<String> bundles, Path bundleDirectory, Path controlSocket, Path cacheDirectory,
        Optional<EventLogSettings> eventLog, int maxClients, int clientQueue, OnFailure onFailure) {
    /** Where {@code garrison run} listens when the configuration does not say. */
    public static final Path DEFAULT_SOCKET = Path.of("/run/garrison/control.sock");

    /** The longest name that {@code struct sockaddr_un} takes, in bytes. */
    private static final int LONGEST_SOCKET_NAME = 107;

    /**
     * What the program does when, at its start, a bundle or plugin fails, or a plugin is configured that no bundle brings.
     */
    public enum OnFailure {
        /** Goes on, with nothing if need be; {@code status} shows the reasons. */
        CONTINUE,
        /** Stops all and exits with 1 if no plugin is ACTIVE; else goes on with those that are. */
        EXIT_IF_NONE_RUNS,
        /** Stops all and exits with 1. */
        EXIT
    }

    /**
     * The file of event lines.
     *
     * @param file appended to; when full, renamed to {@code FILE.1}, the older ones to {@code FILE.2} and so on
     * @param maxBytes a file is never longer than this, nor than its one line
     * @param keep how many full files are kept beside the current one; 0 keeps none
     */
    public record EventLogSettings(Path file, long maxBytes, int keep) {}

    /**
     * Reads the section.
     *
     * @param file relative paths in it start in its folder
     * @throws ConfigurationException with file, line and remedy
     */
    static RuntimeSettings read(Settings section, Path file, Installation installation) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        List<String> bundles = section.has("bundles") ? section.strings("bundles") : List.of("*");
        if (bundles.isEmpty() || bundles.stream().anyMatch(String::isBlank)) {
            throw section.error("bundles", "names no bundle",
                    "list at least one, for example bundles = [ \"file-guard\" ], or leave the key out for all");
        }
        Path socket = path(section, "control-socket", DEFAULT_SOCKET, folder);
        if (socket.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length > LONGEST_SOCKET_NAME) {
            throw section.error("control-socket", "is longer than the " + LONGEST_SOCKET_NAME
                    + " bytes of a socket's name", "choose a shorter path");
        }
        RuntimeSettings settings = new RuntimeSettings(bundles,
                path(section, "bundle-directory", installation.bundles(), folder),
                socket,
                path(section, "cache-directory", socket.resolveSibling("cache"), folder),
                eventLog(section, folder),
                (int) section.integer("max-clients", 1, 1024, 16),
                (int) section.integer("client-queue", 16, 1 << 20, 8192),
                section.choice("on-plugin-failure", OnFailure.class, OnFailure.EXIT_IF_NONE_RUNS));
        section.end();
        return settings;
    }

    private static Optional<EventLogSettings> eventLog(Settings section, Path folder) {
        long mebibytes = section.integer("event-log-max-mib", 1, 1 << 20, 64);
        int keep = (int) section.integer("event-log-keep", 0, 100, 4);
        if (!section.has("event-log")) {
            return Optional.empty();
        }
        return Optional.of(new EventLogSettings(path(section, "event-log", null, folder), mebibytes << 20, keep));
    }

    private static Path path(Settings section, String key, Path fallback, Path folder) {
        if (!section.has(key)) {
            return fallback;
        }
        String text = section.string(key);
        if (text.isBlank()) {
            throw section.error(key, "is empty", "write a path, or leave the key out");
        }
        try {
            return folder.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw section.error(key, "is no path: " + e.getReason(), "write a path");
        }
    }
}
