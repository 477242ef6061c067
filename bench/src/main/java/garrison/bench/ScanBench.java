// SPDX-License-Identifier: Apache-2.0
package garrison.bench;

import garrison.framework.Garrison;
import java.util.Locale;

/**
 * What a look at all features of the running kernel costs a process that has just started (BTF, class loading and cold code
 * included), and what it costs the second time. No argument. Needs root.
 */
public final class ScanBench {
    private ScanBench() {}

    public static void main(String[] args) {
        try (Garrison garrison = Garrison.builder().start()) {
            double cold = look(garrison);
            System.out.printf(Locale.ROOT, "feature scan: cold %.1f ms, again %.1f ms%n", cold, look(garrison));
        }
    }

    private static double look(Garrison garrison) {
        long begin = System.nanoTime();
        if (garrison.features().isEmpty()) {
            throw new IllegalStateException("a kernel without features");
        }
        return (System.nanoTime() - begin) / 1e6;
    }
}
