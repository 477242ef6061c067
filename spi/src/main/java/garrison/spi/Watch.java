// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import org.osgi.annotation.versioning.ProviderType;

/** Something that is looked at on a thread of its own until this is closed. Its plugin closes it, at the latest with the session. */
@ProviderType
public interface Watch extends AutoCloseable {
    /** Ends the thread; a call that is under way returns first, so not from within one. Harmless a second time. */
    @Override
    void close();
}
