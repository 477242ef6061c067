// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import java.util.Arrays;
import java.util.Locale;

/** One consumer's speeds, one a block. */
final class Series {
    private final String name;
    private double[] speeds = {};
    private double bytes;

    Series(String name) {
        this.name = name;
    }

    /**
     * Adds a block.
     *
     * @param nanos of each drain; their median counts
     * @param events records a drain
     * @param allocated bytes on the Java heap, all drains together
     */
    void add(long[] nanos, int events, long allocated) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        speeds = Arrays.copyOf(speeds, speeds.length + 1);
        speeds[speeds.length - 1] = events * 1e3 / sorted[sorted.length / 2];
        bytes = Math.max(bytes, allocated / ((double) events * nanos.length));
    }

    /** The median of the ratios, block by block: what slows the machine for a while slows both. */
    double over(Series peer) {
        double[] ratios = new double[speeds.length];
        Arrays.setAll(ratios, i -> speeds[i] / peer.speeds[i]);
        return median(ratios);
    }

    /** Bytes on the Java heap an event, in the worst block. */
    double bytes() {
        return bytes;
    }

    void print(int size) {
        double[] sorted = speeds.clone();
        Arrays.sort(sorted);
        System.out.printf(Locale.ROOT, "%-8s %-24s %14.1f %14s %14s%n", size + " B", name, median(sorted),
                String.format(Locale.ROOT, "%.0f..%.0f", sorted[0], sorted[sorted.length - 1]),
                name.startsWith("C") ? "-" : String.format(Locale.ROOT, "%.4f", bytes));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
