// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

import org.apache.felix.framework.Logger;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.slf4j.LoggerFactory;

/** Felix's own messages, which would else go to standard output, through SLF4J. Stack traces at DEBUG only. */
final class FelixLog extends Logger {
    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger("org.apache.felix.framework");

    @Override
    @SuppressWarnings("rawtypes") // as Felix declares it
    protected void doLog(Bundle bundle, ServiceReference reference, int level, String message, Throwable thrown) {
        doLog(level, bundle == null ? message : bundle + ": " + message, thrown);
    }

    @Override
    protected void doLog(int level, String message, Throwable thrown) {
        String text = thrown == null ? message : message + ": " + thrown;
        switch (level) {
            case LOG_ERROR -> LOG.error("{}", text);
            case LOG_WARNING -> LOG.warn("{}", text);
            case LOG_INFO -> LOG.info("{}", text);
            default -> LOG.debug("{}", text);
        }
        if (thrown != null) {
            LOG.debug("{}", message, thrown);
        }
    }
}
