// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.fileguard.MountScope.Seen;
import garrison.spi.LoadedObject;
import garrison.spi.PluginContext;
import garrison.spi.PolicyChange;
import garrison.spi.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Watches the mounts for the policy in force, and asks for it to be extended when one comes that gives its places another meaning.
 * A policy without places needs no watch and has none.
 */
final class MountFollower implements AutoCloseable {
    private final PluginContext context;
    private final Function<LoadedObject, Optional<PolicyChange>> extension;
    private volatile MountView inForce;
    /** What the last question was about. Asked again it would be refused again. */
    private volatile Set<Seen> asked = Set.of();
    /** Only touched by calls of the session, of which there is one at a time. */
    private Watch watch;

    /** @param extension stages what {@link PolicyExtension#of} makes of the policy in force */
    MountFollower(PluginContext context, Function<LoadedObject, Optional<PolicyChange>> extension) {
        this.context = context;
        this.extension = extension;
    }

    /**
     * Sees to it that no mount is missed that comes after this.
     *
     * @throws garrison.spi.KernelException if the mounts cannot be watched, while the policy can still be refused
     */
    void begin(MountView next) {
        if (watch == null && !next.scope().isEmpty()) {
            watch = context.watchMounts(this::look);
        }
    }

    /** A policy is in force: looks whether anything came while it was staged, for which the watch asked the one before. */
    void inForce(MountView next) {
        inForce = next;
        asked = Set.of();
        if (next.scope().isEmpty()) {
            close();
        } else {
            look();
        }
    }

    private void look() {
        MountView view = inForce;
        if (view == null || view.full()) {
            return;
        }
        Set<Seen> fresh = fresh(view);
        if (!fresh.isEmpty() && !fresh.equals(asked)) {
            asked = fresh;
            context.restage(extension);
        }
    }

    private Set<Seen> fresh(MountView view) {
        try {
            return view.scope().fresh(Mounts.now(), context.files(), view.known());
        } catch (IOException e) {
            throw new UncheckedIOException("the mounts cannot be read", e);
        }
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }
}
