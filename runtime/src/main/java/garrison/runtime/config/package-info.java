// SPDX-License-Identifier: Apache-2.0
/** The program's one configuration file: read strictly, every error with file and line. */
package garrison.runtime.config;
