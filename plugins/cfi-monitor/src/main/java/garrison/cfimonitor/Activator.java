// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.Plugin;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** Offers cfi-monitor to the framework's whiteboard while the bundle is active. */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        context.registerService(Plugin.class, new CfiMonitor(), null);
    }

    @Override
    public void stop(BundleContext context) {
        // The framework withdraws a stopped bundle's services.
    }
}
