// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.itests.AttachedBpf;
import garrison.itests.Descriptors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process and the kernel hold at a moment.
 *
 * @param descriptors open in this process
 * @param mappings of BPF maps, rings for example, in this process
 * @param runs of plugins, as objects in this JVM: a chain of those that have ended would be some 50 KiB a swap
 * @param heap kilobytes in use in this JVM after a collection
 * @param links in the kernel
 * @param programs in the kernel
 * @param maps in the kernel
 * @param kernel kilobytes that the kernel holds in vmalloc and per-CPU memory, where maps and programs are
 */
public record Footprint(Descriptors descriptors, long mappings, long runs, long heap, int links, int programs, int maps, long kernel) {
    /** A leaked ring of the tests would be 16 MiB at once; per swap of a hundred this allows 80 KiB of the JVM's own. */
    private static final long HEAP_SLACK = 8 << 10;
    private static final long KERNEL_SLACK = 8 << 10;

    /** Counts now. */
    public static Footprint now() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return new Footprint(Descriptors.now(), lines("/proc/self/maps").stream().filter(l -> l.contains("bpf-map")).count(),
                instances("garrison.framework.plugin.PluginRun"), (runtime.totalMemory() - runtime.freeMemory()) >> 10, AttachedBpf.links().size(), AttachedBpf.programs().size(),
                AttachedBpf.maps().size(), kernelNow());
    }

    /** Of a class, after a collection. */
    private static long instances(String type) {
        try {
            String histogram = (String) ManagementFactory.getPlatformMBeanServer().invoke(new ObjectName(
                    "com.sun.management:type=DiagnosticCommand"), "gcClassHistogram", new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
            // A line: number, instances, bytes, class and perhaps its module.
            return histogram.lines().map(line -> line.strip().split(" +")).filter(words -> words.length > 3 && words[3].equals(type))
                    .mapToLong(words -> Long.parseLong(words[1])).sum();
        } catch (JMException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long kernelNow() {
        return lines("/proc/meminfo").stream().filter(l -> l.startsWith("VmallocUsed:") || l.startsWith("Percpu:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("[^0-9]", ""))).sum();
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What grew since; empty if nothing did. The kernel frees late, so ask again until it is. */
    public List<String> growthSince(Footprint before) {
        List<String> grown = new ArrayList<>();
        List<String> open = descriptors.since(before.descriptors);
        if (!open.isEmpty()) {
            grown.add("descriptors of " + open);
        }
        grown(grown, "mappings of BPF maps", before.mappings, mappings, 0);
        grown(grown, "runs of plugins", before.runs, runs, 0);
        grown(grown, "KiB of heap", before.heap, heap, HEAP_SLACK);
        grown(grown, "links", before.links, links, 0);
        grown(grown, "programs", before.programs, programs, 0);
        grown(grown, "maps", before.maps, maps, 0);
        grown(grown, "KiB in the kernel", before.kernel, kernel, KERNEL_SLACK);
        return grown;
    }

    private static void grown(List<String> grown, String what, long before, long now, long slack) {
        if (now > before + slack) {
            grown.add(now + " " + what + ", " + before + " before");
        }
    }
}
