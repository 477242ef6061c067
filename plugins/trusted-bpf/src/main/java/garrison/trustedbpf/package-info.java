// SPDX-License-Identifier: Apache-2.0
/** trusted-bpf: only processes whose program is signed may use BPF. The plugin, and the events it tells. */
@Export
@Version("0.1.0")
package garrison.trustedbpf;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
