// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** Where a plugin is in its life. */
public enum PluginState {
    /** Known, but told not to run by configuration. */
    DISABLED,
    /** Being checked, loaded and attached. */
    STARTING,
    /** Attached; its requested mode holds. */
    ACTIVE,
    /** Refused or broken; the reason says why and what to do. Nothing of it is attached. */
    FAILED,
    /** Detached and closed. */
    STOPPED
}
