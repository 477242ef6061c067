// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.spi.RecordHandler;

/**
 * What one record type is.
 *
 * @param struct the C struct's name
 * @param size its size in bytes; a shorter record is refused
 * @param handler takes it
 */
record RecordBinding(String struct, int size, RecordHandler handler) {}
