// SPDX-License-Identifier: Apache-2.0
/** JSON as the program writes and reads it: one value a line, names in snake_case, streaming, no data binding. */
package garrison.runtime.json;
