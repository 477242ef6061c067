// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The files that a pattern stands for at this moment: {@code *}, {@code ?}, {@code [a-z]} and {@code {a,b}} within a name. */
final class Globs {
    private static final Pattern META = Pattern.compile("[*?\\[{\\\\]");

    private Globs() {}

    /** Whether a pattern is one that {@link #expand} takes: absolute, and without {@code **}. */
    static boolean fits(String pattern) {
        return pattern.startsWith("/") && !pattern.contains("**");
    }

    /**
     * Expands a pattern. Names that begin with a dot are matched like others; symbolic links in the middle are followed.
     *
     * @return in the order of their names; empty if nothing is matched
     * @throws IOException if a directory that would have to be listed cannot be
     * @throws PatternSyntaxException if it is no pattern
     */
    static List<Path> expand(String pattern) throws IOException {
        List<Path> found = List.of(Path.of("/"));
        for (String name : pattern.substring(1).split("/")) {
            if (name.isEmpty()) {
                continue;
            }
            List<Path> next = new ArrayList<>();
            for (Path directory : found) {
                if (META.matcher(name).find()) {
                    next.addAll(matching(directory, name));
                } else if (Files.exists(directory.resolve(name))) {
                    next.add(directory.resolve(name));
                }
            }
            found = next;
        }
        return List.copyOf(found);
    }

    private static List<Path> matching(Path directory, String name) throws IOException {
        PathMatcher matcher = directory.getFileSystem().getPathMatcher("glob:" + name);
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Path> matched = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, path -> matcher.matches(path.getFileName()))) {
            // A link that leads nowhere is nothing to protect.
            all.forEach(path -> {
                if (Files.exists(path)) {
                    matched.add(path);
                }
            });
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        matched.sort(null);
        return matched;
    }
}
