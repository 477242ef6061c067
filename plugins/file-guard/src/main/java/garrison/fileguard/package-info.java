// SPDX-License-Identifier: Apache-2.0
/** file-guard: mandatory access control and audit of files. The plugin, and the events it tells. */
@Export
@Version("0.1.0")
package garrison.fileguard;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
