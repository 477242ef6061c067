// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import garrison.framework.Garrison;
import garrison.framework.PluginWhiteboard;
import garrison.spi.GarrisonException;
import java.nio.file.Path;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a Garrison for a host that installs this jar in its own OSGi framework. The framework property {@value #CONFIG} names
 * the configuration file; without it the configuration is empty. Bundles that require features of the kernel resolve once this
 * one has started, and those that were to start before do so then.
 */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Activator implements BundleActivator {
    static final String CONFIG = "garrison.config";
    private static final Logger LOG = LoggerFactory.getLogger(Activator.class);

    private Garrison garrison;
    private PluginWhiteboard whiteboard;
    private ServiceRegistration<Garrison> registration;

    /** Called by the OSGi framework through reflection. */
    public Activator() {}

    @Override
    public void start(BundleContext context) {
        try {
            Garrison.Builder builder = Garrison.builder();
            String file = context.getProperty(CONFIG);
            if (file != null && !file.isBlank()) {
                builder.config(Path.of(file));
            }
            garrison = builder.start();
            KernelCapabilities.offer(context, garrison.features());
            whiteboard = PluginWhiteboard.open(garrison, context);
            registration = context.registerService(Garrison.class, garrison, null);
        } catch (GarrisonException e) {
            LOG.error("Garrison does not start in this framework; other bundles are not concerned: {}", e.getMessage());
            stop(context);
            throw e;
        } catch (RuntimeException | Error e) {
            stop(context);
            throw e;
        }
    }

    @Override
    public void stop(BundleContext context) {
        if (registration != null) {
            registration.unregister();
            registration = null;
        }
        if (whiteboard != null) {
            whiteboard.close();
            whiteboard = null;
        }
        if (garrison != null) {
            garrison.close();
            garrison = null;
        }
    }
}
