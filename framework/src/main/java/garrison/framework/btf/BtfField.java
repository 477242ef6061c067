// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

/**
 * One leaf of a struct: nested structs are flattened, their members carry dotted names; members of anonymous structs and
 * unions carry their own.
 *
 * @param name the C name, for example {@code header.time_ns}
 * @param offset bytes from the outermost struct's start
 * @param size bytes in all; 0 for a flexible array member
 * @param kind what it is
 * @param signed whether an integer (or an array's element) is sign-extended
 * @param length elements of an array (all dimensions multiplied), 0 for a flexible array member, 1 for all else
 * @param elementSize bytes of one array element; equals {@code size} for all but arrays
 * @param type the C type as one would write it, without const
 */
public record BtfField(String name, int offset, int size, Kind kind, boolean signed, int length, int elementSize, String type) {
    /** What a field is. */
    public enum Kind {
        /** An integer, enum or boolean of 1, 2, 4, 8 or 16 bytes. */
        INTEGER,
        /** An array of integers, char arrays included. */
        ARRAY,
        /** An array of something else: structs, pointers. */
        OPAQUE_ARRAY,
        /** A pointer, 8 bytes. */
        POINTER,
        /** A floating point number; no BPF program makes one, but kernel types have them. */
        FLOAT,
        /** A member that is not whole bytes of its own; cannot be read by offset. */
        BITFIELD
    }

    /** Whether this is a flexible array member: it begins where the struct ends and has the rest of the record. */
    public boolean flexible() {
        return length == 0;
    }
}
