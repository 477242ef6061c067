// SPDX-License-Identifier: Apache-2.0
/** The framework's own part of the configuration. */
package garrison.framework.config;
