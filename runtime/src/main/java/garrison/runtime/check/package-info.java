// SPDX-License-Identifier: Apache-2.0
/** {@code garrison check}: as much of a start as is possible without touching the kernel. */
package garrison.runtime.check;
