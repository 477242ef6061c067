// SPDX-License-Identifier: Apache-2.0
package garrison.framework.btf;

import garrison.spi.LayoutException;
import java.util.List;
import java.util.Optional;

/**
 * A C struct or union as BTF describes it.
 *
 * @param name the C name
 * @param size bytes, without what a flexible array member holds
 * @param fields its leaves in the order of the declaration
 */
public record BtfStruct(String name, int size, List<BtfField> fields) {
    /** Copies the list. */
    public BtfStruct {
        fields = List.copyOf(fields);
    }

    /**
     * A field by its name, nested ones with dots.
     *
     * @throws LayoutException if the field is a bitfield, which has no byte offset
     */
    public Optional<BtfField> field(String fieldName) {
        for (BtfField field : fields) {
            if (field.name().equals(fieldName)) {
                if (field.kind() == BtfField.Kind.BITFIELD) {
                    throw new LayoutException("struct " + name + ": field " + fieldName
                            + " is a bitfield; declare it as a whole integer\n" + layout());
                }
                return Optional.of(field);
            }
        }
        return Optional.empty();
    }

    /** The layout for people: the struct's name and size, then offset, size, type and name, one field a line. */
    public String layout() {
        StringBuilder text = new StringBuilder("struct ").append(name).append(", ").append(size).append(" bytes");
        for (BtfField field : fields) {
            text.append(String.format("%n  %5d %5d  %s %s", field.offset(), field.size(), field.type(), field.name()));
        }
        return text.toString();
    }
}
