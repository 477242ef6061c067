// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.runtime.config.Installation;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One instance as this process's whole purpose: from its start to the signal that ends it. */
public final class Foreground {
    private static final Logger LOG = LoggerFactory.getLogger(Foreground.class);

    private Foreground() {}

    /**
     * Starts, waits for SIGTERM or SIGINT, stops.
     *
     * @param config the configuration file
     * @return the exit code
     * @throws garrison.spi.GarrisonException if it cannot start
     */
    public static int run(Path config, Installation installation) throws InterruptedException {
        AtomicReference<Daemon> running = new AtomicReference<>();
        // A SIGHUP during the start asks for nothing that the start does not do.
        StopSignals signals = StopSignals.handle(() -> Optional.ofNullable(running.get()).ifPresent(Daemon::reloadOnSignal));
        try (Daemon daemon = Daemon.start(config, installation)) {
            running.set(daemon);
            signals.await();
            LOG.info("stopping");
        }
        LOG.info("stopped, nothing is attached any more");
        return ExitCode.OK;
    }
}
