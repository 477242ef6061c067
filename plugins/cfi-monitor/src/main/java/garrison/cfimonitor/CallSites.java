// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * Where machine code calls given functions directly: its return addresses. A function that ends in a jump to one of them (a tail call)
 * is called in its stead, so calls to that one count too, and so on. x86-64: {@code E8}, {@code E9} and conditional jumps with
 * 32-bit distances. Bytes that only look like such a call by accident make an address known that nobody returns to.
 */
final class CallSites {
    private static final byte CALL = (byte) 0xe8;
    private static final byte JUMP = (byte) 0xe9;
    private static final byte TWO_BYTES = 0x0f;
    private static final int LENGTH = 5;
    /** Longest chain of tail calls; what dispatches system calls is at most four jumps away. */
    private static final int DEPTH = 8;

    private final long base;
    private int count;
    /** Each branch's distance from the base; negative (complement) for jumps. */
    private int[] sites = new int[1 << 12];
    private long[] targets = new long[1 << 12];

    /** @param base address of the first byte that will be added */
    CallSites(long base) {
        this.base = base;
    }

    /**
     * Adds a piece of code.
     *
     * @param start its distance from the base
     * @param length how many of the bytes count; a branch that begins in the last four of them is left to the next piece
     */
    void add(byte[] code, int start, int length) {
        for (int i = 0; i + LENGTH <= length; i++) {
            byte operation = code[i];
            boolean conditional = (operation & 0xf0) == 0x80 && i > 0 && code[i - 1] == TWO_BYTES;
            if (operation == CALL || operation == JUMP || conditional) {
                int distance = code[i + 1] & 0xff | (code[i + 2] & 0xff) << 8 | (code[i + 3] & 0xff) << 16 | code[i + 4] << 24;
                long target = base + start + i + LENGTH + distance;
                // Functions begin at multiples of 16, what stands for a static call at those of 4: this drops most that is no branch.
                if ((target & 3) == 0) {
                    put(operation == CALL ? start + i : ~(start + i), target);
                }
            }
        }
    }

    private void put(int site, long target) {
        if (count == sites.length) {
            sites = Arrays.copyOf(sites, 2 * count);
            targets = Arrays.copyOf(targets, 2 * count);
        }
        sites[count] = site;
        targets[count++] = target;
    }

    /**
     * Looks calls up.
     *
     * @param wanted functions' addresses, each with a set of bits
     * @param functionAt start of the function that an address lies in; 0 when unknown
     * @return the return addresses, each with the bits of all functions that are called there
     */
    Map<Long, Integer> find(Map<Long, Integer> wanted, LongUnaryOperator functionAt) {
        Map<Long, Integer> found = new TreeMap<>();
        Map<Long, Integer> known = new HashMap<>(wanted);
        Map<Long, Integer> open = wanted;
        for (int depth = 0; depth < DEPTH && !open.isEmpty(); depth++) {
            open = pass(open, known, found, functionAt);
        }
        return found;
    }

    /** One look at all branches; the tail-calling functions that were not known before, with their bits. */
    private Map<Long, Integer> pass(Map<Long, Integer> open, Map<Long, Integer> known, Map<Long, Integer> found,
            LongUnaryOperator functionAt) {
        long[] sorted = open.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
        ArrayDeque<long[]> jumps = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            if (Arrays.binarySearch(sorted, targets[i]) >= 0) {
                int bits = open.get(targets[i]);
                if (sites[i] >= 0) {
                    found.merge(base + sites[i] + LENGTH, bits, (a, b) -> a | b);
                } else {
                    jumps.add(new long[] {base + ~sites[i], bits});
                }
            }
        }
        Map<Long, Integer> next = new HashMap<>();
        for (long[] jump : jumps) {
            long function = functionAt.applyAsLong(jump[0]);
            int bits = (int) jump[1] & ~known.getOrDefault(function, 0);
            if (function != 0 && bits != 0) {
                known.merge(function, bits, (a, b) -> a | b);
                next.merge(function, bits, (a, b) -> a | b);
            }
        }
        return next;
    }
}
