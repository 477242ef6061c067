// SPDX-License-Identifier: Apache-2.0
package garrison.framework.plugin;

import garrison.framework.kernel.KernelKeyrings;
import garrison.framework.kernel.KernelPrograms;
import garrison.framework.object.Owner;
import garrison.spi.BpfPrograms;
import garrison.spi.Event;
import garrison.spi.FileIds;
import garrison.spi.KernelFeatures;
import garrison.spi.Keyrings;
import garrison.spi.PluginContext;
import garrison.spi.Settings;
import garrison.spi.Signatures;
import java.time.Instant;

/**
 * What one run of a plugin sees of its surroundings.
 *
 * @param name the plugin's
 */
record RunContext(String name, Settings settings, Platform platform, Listeners listeners, Signatures signatures) implements PluginContext {
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
    public void publish(Event event) {
        listeners.publish(event);
    }

    @Override
    public Instant time(long bootNanos) {
        return platform.clock().time(bootNanos);
    }
}
