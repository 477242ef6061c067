// SPDX-License-Identifier: Apache-2.0
package garrison.itests.neighbour;

import garrison.spi.Plugin;
import garrison.spi.ProgramSource;
import java.util.List;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Registers the plugin that the bundle's manifest names. */
public final class NeighbourActivator implements BundleActivator {
    /** The manifest header of the plugin's name. */
    public static final String PLUGIN = "Garrison-Test-Plugin";
    /** Where the object lies in each such bundle. */
    public static final String OBJECT = "bpf/object.bpf.o";

    /** Called by the OSGi framework. */
    public NeighbourActivator() {}

    @Override
    public void start(BundleContext context) {
        String name = context.getBundle().getHeaders().get(PLUGIN);
        context.registerService(Plugin.class, new NeighbourPlugin(name,
                List.of(new ProgramSource(name + ".bpf.o", context.getBundle().getEntry(OBJECT)))), null);
    }

    @Override
    public void stop(BundleContext context) {
        // The framework unregisters the service.
    }
}
