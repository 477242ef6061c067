// SPDX-License-Identifier: Apache-2.0
/**
 * The command line. Commands that ask a running instance load nothing but the socket and JSON; the OSGi framework and libbpf are
 * touched by {@code run}, {@code check} and {@code kernel} only.
 */
package garrison.runtime.command;
