// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.time.Instant;

/**
 * A plugin changed its state, its mode or its policy.
 *
 * @param plugin which
 * @param time when
 * @param state the state it is in now
 * @param mode the mode it is in now
 * @param detail the reason for FAILED, the policy's summary otherwise
 */
public record PluginChanged(String plugin, Instant time, PluginState state, Mode mode, String detail) implements Event {
    @Override
    public String type() {
        return "plugin_changed";
    }
}
