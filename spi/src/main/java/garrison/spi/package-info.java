// SPDX-License-Identifier: Apache-2.0
/**
 * What a plugin compiles against, and all of it: pure Java, no native type.
 *
 * <p>A plugin is one {@link garrison.spi.Plugin} with at least one compiled BPF object. The framework checks the object,
 * loads it, gives the plugin's {@link garrison.spi.PluginSession} the maps to fill, reads its ring buffer and attaches
 * its programs; verdicts are taken in the kernel and never wait for Java.
 *
 * <p>Every failure is a {@link garrison.spi.GarrisonException} whose message names the thing concerned and the remedy.
 */
@Export
@Version("0.1.0")
package garrison.spi;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
