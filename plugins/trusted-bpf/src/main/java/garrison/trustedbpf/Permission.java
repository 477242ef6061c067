// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What an exception lets an untrusted process do, as a set of bits of {@code trusted_bpf_value.bits}. */
final class Permission {
    /** TRUSTED_BPF_ALLOW_ACT of trusted_bpf.h. */
    private static final int ACT = 56;
    /** TRUSTED_BPF_ALLOW_NET_ATTACH. */
    private static final int NET_ATTACH = 62;
    private static final List<Act> ACTS = List.of(Act.PERF_ATTACH, Act.SOCKET_ATTACH, Act.RECEIVE, Act.NET_ATTACH);
    private static final String ALL = "all";

    private Permission() {}

    /**
     * Reads a list of commands of bpf(2) and of other acts; {@code all} stands for everything, newer kernels' commands too.
     *
     * @throws garrison.spi.ConfigurationException for a word that is neither, or no word at all
     */
    static long read(Settings settings, String key) {
        long allowed = 0;
        for (String word : settings.strings(key)) {
            allowed |= bit(settings, key, word);
        }
        if (allowed == 0) {
            throw settings.error(key, "is missing or empty", "list commands of bpf(2), for example [ prog_load, map_create ], or all");
        }
        return allowed;
    }

    private static long bit(Settings settings, String key, String written) {
        String word = written.strip().toLowerCase(Locale.ROOT).replace('-', '_');
        if (word.equals(ALL)) {
            return -1;
        }
        for (Command command : Command.values()) {
            if (command.name().toLowerCase(Locale.ROOT).equals(word)) {
                return 1L << command.ordinal();
            }
        }
        for (Act act : ACTS) {
            if (act.word().equals(word)) {
                return 1L << (act == Act.NET_ATTACH ? NET_ATTACH : ACT + act.number());
            }
        }
        List<String> words = new ArrayList<>(List.of(ALL));
        ACTS.forEach(act -> words.add(act.word()));
        Arrays.stream(Command.values()).forEach(command -> words.add(command.name().toLowerCase(Locale.ROOT)));
        throw settings.error(key, "holds '" + written + "', which is no command", "choose of " + String.join(", ", words));
    }
}
