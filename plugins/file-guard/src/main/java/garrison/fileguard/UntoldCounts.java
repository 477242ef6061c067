// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.BpfMap;
import garrison.spi.PluginContext;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Tells how many events rules did not tell for their rate: a second after a rule has told its last for a while, and then each second
 * for as long as there are more. The kernel counts. A policy that is replaced is counted once more, last.
 */
final class UntoldCounts implements AutoCloseable {
    /** A little more than the second in which no more is told. */
    private static final Executor LATER = CompletableFuture.delayedExecutor(1_100, TimeUnit.MILLISECONDS);

    private final PluginContext context;
    private final EventWriter writer;
    private BpfMap.InnerMap policy;
    /** By rule of the policy in force, how many were counted. */
    private Map<Integer, Long> counted = Map.of();
    private boolean pending;

    UntoldCounts(PluginContext context, EventWriter writer) {
        this.context = context;
        this.writer = writer;
    }

    /**
     * Another policy is in force.
     *
     * @param next its map, which is kept open if it has rules to count, and closed by this
     * @return whether it is kept
     */
    synchronized boolean inForce(BpfMap.InnerMap next, CompiledPolicy compiled) {
        close();
        if (compiled.rated().isEmpty()) {
            return false;
        }
        policy = next;
        counted = new HashMap<>();
        compiled.rated().forEach(rule -> counted.put(rule, 0L));
        return true;
    }

    /** A rule has told its last event of this second. */
    synchronized void limited() {
        if (!pending) {
            pending = true;
            LATER.execute(this::look);
        }
    }

    private synchronized void look() {
        pending = false;
        if (tell()) {
            limited();
        }
    }

    /** Whether there was any. */
    private boolean tell() {
        if (policy == null) {
            return false;
        }
        boolean any = false;
        for (Map.Entry<Integer, Long> rule : counted.entrySet()) {
            long now = policy.lookup(PolicyEntries.rateKey(rule.getKey())).map(PolicyEntries::untold).orElse(0L);
            long since = now - rule.getValue();
            if (since > 0) {
                any = true;
                rule.setValue(now);
                context.publish(new FileAccessesUntold(FileGuard.NAME, Instant.now(), writer.rule(rule.getKey()), since));
            }
        }
        return any;
    }

    @Override
    public synchronized void close() {
        if (policy != null) {
            tell();
            policy.close();
            policy = null;
        }
    }
}
