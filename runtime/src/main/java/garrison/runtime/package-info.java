// SPDX-License-Identifier: Apache-2.0
/**
 * The program {@code garrison}: a thin user of {@code garrison.framework.Garrison}. Here, and only here, are the embedded OSGi
 * framework, signals, exit codes and the logging back end.
 */
package garrison.runtime;
