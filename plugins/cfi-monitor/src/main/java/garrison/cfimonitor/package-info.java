// SPDX-License-Identifier: Apache-2.0
/** cfi-monitor: kernel exploits, by what they must do. The plugin, and the events it tells. */
@Export
@Version("0.1.0")
package garrison.cfimonitor;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
