// SPDX-License-Identifier: Apache-2.0
package garrison.framework.object;

/**
 * On whose behalf something is loaded or attached: every error names both.
 *
 * @param plugin the plugin's name; {@code garrison} for the core itself
 * @param kernelRelease the running kernel's release as {@code uname -r} prints it
 */
public record Owner(String plugin, String kernelRelease) {}
