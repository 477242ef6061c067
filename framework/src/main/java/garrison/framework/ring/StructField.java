// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.btf.BtfField;
import garrison.spi.RecordView;

/**
 * A resolved field.
 *
 * @param name the C name, nested with dots
 * @param offset bytes from the record's start
 * @param size bytes; 0 for a flexible array member
 * @param signed whether {@link RecordView#get} sign-extends
 * @param flexible whether it has the rest of the record
 */
record StructField(String name, int offset, int size, boolean signed, boolean flexible) implements RecordView.Field {
    static StructField of(BtfField field) {
        return new StructField(field.name(), field.offset(), field.size(), field.signed(), field.flexible());
    }
}
