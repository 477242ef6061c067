// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.osgi;

/**
 * One bundle, at one moment.
 *
 * @param name how the control commands call it
 * @param symbolicName its Bundle-SymbolicName; empty when it could not be installed
 * @param version its Bundle-Version; empty when it could not be installed
 * @param state {@code ACTIVE}, {@code STARTING}, {@code STOPPING}, {@code RESOLVED} (stopped), {@code INSTALLED} (does not
 *     resolve), or {@code MISSING} (could not be installed)
 * @param reason why it is not ACTIVE; empty otherwise
 * @param jar where it came from
 */
public record BundleStatus(String name, String symbolicName, String version, String state, String reason, String jar) {}
