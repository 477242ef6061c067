// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which function serves which system call of x86-64. */
final class Handlers {
    private static final String RESOURCE = "/syscalls-x86-64.txt";
    private static final String PREFIX = "__x64_sys_";
    /** What serves a number that this kernel does not know, or was built without. */
    private static final String NONE = "ni_syscall";

    private final Map<Integer, List<String>> names;

    private Handlers(Map<Integer, List<String>> names) {
        this.names = names;
    }

    static Handlers read() {
        Map<Integer, List<String>> names = new HashMap<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Handlers.class.getResourceAsStream(RESOURCE), StandardCharsets.US_ASCII))) {
            in.lines().filter(line -> !line.startsWith("#")).map(line -> line.split(" "))
                    .forEach(words -> names.put(Integer.parseInt(words[0]), List.of(words).subList(1, words.length)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Handlers(Map.copyOf(names));
    }

    /** The system call's name, for people. */
    String name(int number) {
        return names.getOrDefault(number, List.of("system call " + number)).getFirst();
    }

    /** What should serve it. */
    String expected(int number) {
        return PREFIX + name(number);
    }

    /** Whether this is a function that serves system calls at all. */
    static boolean isHandler(String symbol) {
        return symbol.startsWith(PREFIX) || symbol.endsWith(NONE);
    }

    /**
     * Whether a function may serve a system call.
     *
     * @param symbol its name
     * @param serves how many numbers it serves: what serves several is the one for those that do not exist, whatever alias of it
     *     the kernel names
     */
    boolean fits(int number, String symbol, int serves) {
        List<String> known = names.get(number);
        return known == null ? isHandler(symbol)
                : known.stream().anyMatch(name -> symbol.equals(PREFIX + name)) || serves > 1 || symbol.endsWith(NONE);
    }
}
