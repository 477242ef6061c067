// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.cfimonitor.Instruction.Flow;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Places behind a function's entry that each run of the function comes by just once, whichever way it takes: a sensor there misses
 * nobody who entered before it. Found in the function's text as it is in memory. Detours out of the function's range (its cold part)
 * and those that end in a trap do not count.
 */
final class LaterPlaces {
    private static final int CALL_LENGTH = 5;
    /** Places are looked for in functions of up to so many bytes. */
    static final int MAX_BYTES = 4096;

    private final byte[] code;
    private final int first;
    private final TreeMap<Integer, Instruction> instructions = new TreeMap<>();

    private LaterPlaces(byte[] code, int first) {
        this.code = code;
        this.first = first;
    }

    /**
     * Finds them.
     *
     * @param code the whole function
     * @return offsets of instructions; empty if the function has no place to trace it at its entry, something in it is not understood,
     *     or no place is passed by all
     */
    static List<Integer> in(byte[] code) {
        int first = behindEntry(code);
        if (first < 0) {
            return List.of();
        }
        LaterPlaces places = new LaterPlaces(code, first);
        return places.read() ? places.passedOnce() : List.of();
    }

    /** Behind the call to whoever traces the function, which may be a 5-byte nop; it follows what marks a target of indirect calls. */
    private static int behindEntry(byte[] code) {
        for (int at = 0; at <= 4; at += 4) {
            if (code.length >= at + CALL_LENGTH) {
                int operation = code[at] & 0xff;
                boolean nop = operation == 0x0f && code[at + 1] == 0x1f && code[at + 2] == 0x44 && code[at + 3] == 0 && code[at + 4] == 0;
                if (operation == 0xe8 || operation == 0xe9 || nop) {
                    return at + CALL_LENGTH;
                }
            }
        }
        return -1;
    }

    /** Follows all ways through the function: false if one leads to what is not understood. */
    private boolean read() {
        ArrayDeque<Integer> open = new ArrayDeque<>(List.of(first));
        while (!open.isEmpty()) {
            int at = open.pop();
            if (!instructions.containsKey(at)) {
                Optional<Instruction> found = Instruction.at(code, at);
                if (found.isEmpty() || found.get().flow() == Flow.INDIRECT || backToEntry(found.get())) {
                    return false;
                }
                instructions.put(at, found.get());
                open.addAll(after(at));
            }
        }
        int end = first;
        for (Map.Entry<Integer, Instruction> each : instructions.entrySet()) {
            if (each.getKey() < end) {
                return false; // an instruction within another one
            }
            end = each.getKey() + each.getValue().length();
        }
        return true;
    }

    private boolean backToEntry(Instruction instruction) {
        return (instruction.flow() == Flow.JUMP || instruction.flow() == Flow.BRANCH) && instruction.target() >= 0 && instruction.target() < first;
    }

    private boolean inside(int target) {
        return target >= first && target < code.length;
    }

    private List<Integer> after(int at) {
        Instruction instruction = instructions.get(at);
        List<Integer> next = new ArrayList<>(2);
        if (instruction.flow() == Flow.JUMP || instruction.flow() == Flow.BRANCH) {
            if (inside(instruction.target())) {
                next.add(instruction.target());
            }
        }
        boolean goesOn = switch (instruction.flow()) {
            case PLAIN, DELICATE, CALL, BRANCH -> true;
            case JUMP, RETURN, TRAP, INDIRECT -> false;
        };
        if (goesOn && inside(at + instruction.length())) {
            next.add(at + instruction.length());
        }
        return next;
    }

    private boolean leaves(int at) {
        Instruction instruction = instructions.get(at);
        return instruction.flow() == Flow.RETURN || instruction.flow() == Flow.JUMP && !inside(instruction.target());
    }

    private List<Integer> passedOnce() {
        List<Integer> places = new ArrayList<>();
        boolean ends = reachable(List.of(first), -1).stream().anyMatch(this::leaves);
        for (Map.Entry<Integer, Instruction> each : instructions.entrySet()) {
            int at = each.getKey();
            if (ends && each.getValue().flow() == Flow.PLAIN && reachable(List.of(first), at).stream().noneMatch(this::leaves)
                    && !reachable(after(at), -1).contains(at)) {
                places.add(at);
            }
        }
        return List.copyOf(places);
    }

    /** All instructions that can be come to, the given ones included, without passing one. */
    private Set<Integer> reachable(List<Integer> from, int without) {
        Set<Integer> seen = new HashSet<>();
        ArrayDeque<Integer> open = new ArrayDeque<>(from);
        while (!open.isEmpty()) {
            int at = open.pop();
            if (at != without && seen.add(at)) {
                open.addAll(after(at));
            }
        }
        return seen;
    }
}
