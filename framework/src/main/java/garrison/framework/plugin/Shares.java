// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The places of one queue, divided among the plugins whose events it has seen, so that the flood of one takes no other's. What the core
 * itself tells needs no share. Safe for use by several threads; allocates nothing for a plugin that it knows.
 */
final class Shares {
    private static final String CORE = "garrison";

    private final int capacity;
    private final ConcurrentHashMap<String, AtomicInteger> taken = new ConcurrentHashMap<>();
    private volatile int each;

    Shares(int capacity) {
        this.capacity = capacity;
        each = capacity;
    }

    /** Takes a place; false if this plugin has all that it may have. */
    boolean take(String plugin) {
        if (CORE.equals(plugin)) {
            return true;
        }
        AtomicInteger own = taken.get(plugin);
        if (own == null) {
            own = taken.computeIfAbsent(plugin, p -> new AtomicInteger());
            each = Math.max(1, capacity / taken.size());
        }
        if (own.incrementAndGet() > each) {
            own.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Gives a place back. */
    void give(String plugin) {
        AtomicInteger own = CORE.equals(plugin) ? null : taken.get(plugin);
        if (own != null) {
            own.decrementAndGet();
        }
    }
}
