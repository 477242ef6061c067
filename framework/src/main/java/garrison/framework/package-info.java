// SPDX-License-Identifier: Apache-2.0
/**
 * The whole of Garrison for an embedding program. In plain Java:
 *
 * <pre>{@code
 * try (Garrison garrison = Garrison.builder().config(Path.of("garrison.conf")).plugin(new FileGuard())
 *         .on(FileAccess.class, access -> System.out.println(access.path())).start()) {
 *     …
 * }
 * }</pre>
 *
 * <p>In a program that hosts OSGi itself, either build it in plain Java and open a {@link garrison.framework.PluginWhiteboard}
 * on the host's bundle context, or install this jar as a bundle: it then builds a Garrison from the file that the framework
 * property {@code garrison.config} names, registers it as a service and opens the whiteboard.
 */
@Export
@Version("0.1.0")
package garrison.framework;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
