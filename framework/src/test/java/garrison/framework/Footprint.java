// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What this process holds: BPF and event descriptors by kind, and Garrison's threads.
 *
 * @param descriptors kinds as the kernel names them, with how many
 * @param threads names beginning with garrison, with how many
 */
public record Footprint(Map<String, Integer> descriptors, Map<String, Integer> threads) {
    /** Counted now. */
    public static Footprint now() {
        Map<String, Integer> descriptors = new TreeMap<>();
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            for (Path link : links.toList()) {
                String target = target(link);
                if (target.contains("bpf-stats")) {
                    continue; // open while a window of the statistics is
                }
                if (target.contains("bpf") || target.contains("event") || target.contains("btf")) {
                    descriptors.merge(target, 1, Integer::sum);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, Integer> threads = new TreeMap<>();
        Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(n -> n.startsWith("garrison"))
                .forEach(n -> threads.merge(n, 1, Integer::sum));
        return new Footprint(descriptors, threads);
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile, for example the one that lists the folder
        }
    }
}
