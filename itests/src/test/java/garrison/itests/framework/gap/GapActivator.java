// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.spi.Plugin;
import java.nio.file.Path;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Registers {@link GapPlugin} for a bundle; the framework's properties say whom it guards. */
public final class GapActivator implements BundleActivator {
    static final String LEDGER = "gap.ledger";
    static final String DIRECTORY = "gap.directory";

    @Override
    public void start(BundleContext context) {
        context.registerService(Plugin.class, new GapPlugin(new Ledger(Path.of(context.getProperty(LEDGER))),
                Long.parseLong(context.getProperty(DIRECTORY)), 0), null);
    }

    @Override
    public void stop(BundleContext context) {
        // The service goes with its bundle.
    }
}
