// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A record in the ring buffer, read in place: one view is reused for all, so nothing is allocated. Valid only inside
 * {@link RecordHandler#handle}; a handler that keeps data copies it.
 */
@ProviderType
public interface RecordView {
    /** The record's length in bytes, header included. */
    int length();

    /** An integer field, sign- or zero-extended as the struct's BTF says. */
    long get(Field field);

    /**
     * Copies an array field, or what follows the struct for a flexible array member.
     *
     * @return bytes copied: the smaller of the field's and the target's length
     */
    int copy(Field field, byte[] target);

    /** A field of a BPF struct, resolved by name from the loaded object's own BTF. */
    @ProviderType
    interface Field {
        /** The C name; members of nested structs with dots, for example {@code header.time_ns}. */
        String name();

        /** Bytes from the record's start. */
        int offset();

        /** Bytes; 0 for a flexible array member. */
        int size();
    }
}
