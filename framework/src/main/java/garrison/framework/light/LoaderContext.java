// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

/**
 * What a loader program is run with, and answers in: where the verifier's log goes, the maps' descriptors, and for each program
 * whether it is wanted and, afterwards, its descriptor.
 */
final class LoaderContext {
    static final int LOG_LEVEL = 0;
    static final int LOG_SIZE = 4;
    static final int LOG = 8;
    /** Which program failed; {@link #TYPES} if none did. */
    static final int FAILED = 16;
    static final int TYPES = -1;
    private static final int MAPS = 24;

    private LoaderContext() {}

    static int map(int index) {
        return MAPS + Integer.BYTES * index;
    }

    static int wanted(int maps, int program) {
        return map(maps) + 2 * Integer.BYTES * program;
    }

    static int descriptor(int maps, int program) {
        return wanted(maps, program) + Integer.BYTES;
    }

    static int size(int maps, int programs) {
        return wanted(maps, programs) + 7 & -8;
    }
}
