// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * Something that happened, as plugins tell it to the embedding program. Implementations are Java records whose components
 * are the event's documented fields: this is what JSON lines are made of (component {@code ruleName} becomes {@code rule_name}).
 */
public interface Event {
    /** The name of the plugin that tells it; {@code garrison} for the core itself. */
    String plugin();

    /** The kind of event, for example {@code file_access}; stable, part of the plugin's contract. */
    String type();

    /** When it happened, from the kernel's clock where the kernel saw it. */
    Instant time();
}
