// SPDX-License-Identifier: Apache-2.0
/**
 * The seam to native code: {@link garrison.framework.libbpf.Libbpf} and {@link garrison.framework.libbpf.Libc}, one class a
 * library. Nothing here knows what a plugin is; nothing outside makes a native call.
 */
package garrison.framework.libbpf;
