// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.spi.BpfMap;
import garrison.spi.ProgramInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.Set;

/**
 * {@code garrison_denials}: what the programs of one run refused, by hook. The programs count only at hooks that have an entry, so that
 * none of them ever makes one.
 */
final class DenialMap {
    static final String NAME = "garrison_denials";
    /** Of functions that stand in for hooks. */
    private static final String FUNCTION = "security_";

    private final BpfMap map;
    private final Set<String> hooks = new TreeSet<>();

    /** Makes an entry for each hook. */
    DenialMap(BpfMap map, Collection<ProgramInfo> programs) {
        this.map = map;
        for (ProgramInfo program : programs) {
            String target = program.target();
            String hook = target.startsWith(FUNCTION) ? target.substring(FUNCTION.length()) : target;
            if (!hook.isEmpty() && hooks.size() < map.maxEntries() && hooks.add(hook)) {
                map.update(key(hook), new byte[Long.BYTES]);
            }
        }
    }

    /** Refusals at each hook where there was one. */
    Map<String, Long> counts() {
        Map<String, Long> counts = new TreeMap<>();
        for (String hook : hooks) {
            long count = map.lookup(key(hook)).map(v -> ByteBuffer.wrap(v).order(ByteOrder.nativeOrder()).getLong()).orElse(0L);
            if (count > 0) {
                counts.put(hook, count);
            }
        }
        return counts;
    }

    /** {@code garrison_hook()}: FNV-1a over the name. */
    private static byte[] key(String hook) {
        int hash = 0x811c9dc5;
        for (int i = 0; i < hook.length(); i++) {
            hash = (hash ^ hook.charAt(i)) * 0x01000193;
        }
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(hash).array();
    }
}
