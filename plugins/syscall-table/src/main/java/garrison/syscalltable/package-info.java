// SPDX-License-Identifier: Apache-2.0
/** syscall-table: nothing alters the running kernel unseen. The plugin, and the events it tells. */
@Export
@Version("0.1.0")
package garrison.syscalltable;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
