// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.kernel.KernelKeyrings;
import garrison.framework.kernel.KernelPrograms;
import garrison.framework.kernel.MountWatch;
import garrison.framework.object.Owner;
import garrison.spi.BpfPrograms;
import garrison.spi.Event;
import garrison.spi.FileIds;
import garrison.spi.KernelFeatures;
import garrison.spi.Keyrings;
import garrison.spi.LoadedObject;
import garrison.spi.PluginContext;
import garrison.spi.PolicyChange;
import garrison.spi.Settings;
import garrison.spi.Signatures;
import garrison.spi.Watch;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What one run of a plugin sees of its surroundings.
 *
 * @param name the plugin's
 * @param changes takes what it asks to be changed
 */
record RunContext(String name, Settings settings, Platform platform, Listeners listeners, Signatures signatures,
        Consumer<Function<LoadedObject, Optional<PolicyChange>>> changes) implements PluginContext {
    @Override
    public KernelFeatures kernel() {
        return platform.kernel();
    }

    @Override
    public FileIds files() {
        return platform.files();
    }

    @Override
    public Keyrings keyrings() {
        return new KernelKeyrings(new Owner(name, platform.kernel().release()));
    }

    @Override
    public BpfPrograms programs() {
        return new KernelPrograms(platform.libbpf(), platform.clock()::time, new Owner(name, platform.kernel().release()));
    }

    @Override
    public Watch watchMounts(Runnable changed) {
        return MountWatch.start(name, changed);
    }

    @Override
    public void restage(Function<LoadedObject, Optional<PolicyChange>> change) {
        changes.accept(change);
    }

    @Override
    public void publish(Event event) {
        listeners.publish(event);
    }

    @Override
    public Instant time(long bootNanos) {
        return platform.clock().time(bootNanos);
    }
}
