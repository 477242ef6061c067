// SPDX-License-Identifier: Apache-2.0
/** The framework's kernel-facing half where it can attach: loading, links, features, file identities. */
package garrison.itests.framework;
