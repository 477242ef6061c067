// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

import garrison.framework.btf.BtfField;
import garrison.framework.btf.BtfStruct;
import garrison.spi.LayoutException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Makes Java records of one class from ring records of one struct. All components are read by one composed method handle
 * that ends in the canonical constructor: no boxing, no reflection a record.
 */
final class RecordShape<R extends Record> {
    private static final MethodHandles.Lookup HERE = MethodHandles.lookup();
    private static final Map<Class<?>, MethodHandle> INTEGERS = Map.of(
            byte.class, reader("byteAt", byte.class, int.class),
            short.class, reader("shortAt", short.class, int.class),
            int.class, reader("intAt", int.class, int.class),
            long.class, reader("longAt", long.class, int.class));
    private static final Map<Class<?>, Integer> SIZES = Map.of(byte.class, 1, short.class, 2, int.class, 4, long.class, 8);
    private static final MethodHandle BYTES = reader("bytes", byte[].class, StructField.class);
    private static final MethodHandle STRING = reader("string", String.class, StructField.class);

    private final MethodHandle read;

    private RecordShape(MethodHandle read) {
        this.read = read;
    }

    /**
     * Agrees a Java record with a struct.
     *
     * @param object the object's name, for errors
     * @throws LayoutException if they do not fit
     */
    static <R extends Record> RecordShape<R> of(Class<R> shape, BtfStruct struct, String object) {
        MethodHandle read = new Match(shape, struct, object).compose(shape, "");
        return new RecordShape<>(read.asType(MethodType.methodType(Record.class, RingRecord.class)));
    }

    @SuppressWarnings("unchecked") // composed of the canonical constructor of R
    R read(RingRecord record) {
        try {
            return (R) (Record) read.invokeExact(record);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException("constructor threw " + t, t);
        }
    }

    private static MethodHandle reader(String name, Class<?> result, Class<?> argument) {
        try {
            return HERE.findVirtual(RingRecord.class, name, MethodType.methodType(result, argument));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** One agreement; knows both sides whole, to print them. */
    private record Match(Class<?> outermost, BtfStruct struct, String object) {
        /** A handle from a ring record to one Java record. */
        MethodHandle compose(Class<?> shape, String prefix) {
            RecordComponent[] components = shape.getRecordComponents();
            MethodHandle constructor = constructor(shape, components);
            if (components.length == 0) {
                return MethodHandles.dropArguments(constructor, 0, RingRecord.class);
            }
            MethodHandle[] readers = new MethodHandle[components.length];
            for (int i = 0; i < components.length; i++) {
                readers[i] = component(components[i], prefix + snakeCase(components[i].getName()));
            }
            return MethodHandles.permuteArguments(MethodHandles.filterArguments(constructor, 0, readers),
                    MethodType.methodType(shape, RingRecord.class), new int[components.length]);
        }

        private MethodHandle component(RecordComponent component, String field) {
            Class<?> type = component.getType();
            if (type.isRecord()) {
                if (struct.fields().stream().noneMatch(f -> f.name().startsWith(field + "."))) {
                    throw disagree(component, field, "is not a nested struct there");
                }
                return compose(type, field + ".");
            }
            BtfField found = struct.field(field).orElseThrow(() -> disagree(component, field, "does not exist there"));
            MethodHandle integer = INTEGERS.get(type);
            if (integer != null) {
                if (found.kind() != BtfField.Kind.INTEGER && found.kind() != BtfField.Kind.POINTER) {
                    throw disagree(component, field, "is " + found.type() + " there, no integer");
                }
                if (found.size() != SIZES.get(type)) {
                    throw disagree(component, field, "has " + found.size() + " bytes there, " + SIZES.get(type) + " in Java");
                }
                return MethodHandles.insertArguments(integer, 1, found.offset());
            }
            boolean array = found.kind() == BtfField.Kind.ARRAY || found.kind() == BtfField.Kind.OPAQUE_ARRAY;
            if (type == byte[].class) {
                if (!array) {
                    throw disagree(component, field, "is " + found.type() + " there, no array");
                }
                return MethodHandles.insertArguments(BYTES, 1, StructField.of(found));
            }
            if (type == String.class) {
                if (found.kind() != BtfField.Kind.ARRAY || found.elementSize() != 1) {
                    throw disagree(component, field, "is " + found.type() + " there, no array of char");
                }
                return MethodHandles.insertArguments(STRING, 1, StructField.of(found));
            }
            throw disagree(component, field, "cannot be read as " + type.getSimpleName()
                    + "; use byte, short, int, long, byte[], String or a record");
        }

        private MethodHandle constructor(Class<?> shape, RecordComponent[] components) {
            Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            try {
                return MethodHandles.privateLookupIn(shape, HERE).findConstructor(shape, MethodType.methodType(void.class, types));
            } catch (ReflectiveOperationException e) {
                throw new LayoutException(object + ": record " + shape.getName() + " cannot be made from here: " + e.getMessage()
                        + "; its module must open its package to the framework");
            }
        }

        private LayoutException disagree(RecordComponent component, String field, String problem) {
            return new LayoutException(object + ": component " + component.getName() + " of record "
                    + component.getDeclaringRecord().getSimpleName() + " and struct " + struct.name() + " disagree: field " + field
                    + " " + problem + "\n" + describe(outermost) + "\n" + struct.layout());
        }

        private static String describe(Class<?> shape) {
            return Arrays.stream(shape.getRecordComponents())
                    .map(c -> "  " + c.getType().getSimpleName() + " " + c.getName() + " (field " + snakeCase(c.getName()) + ")")
                    .collect(Collectors.joining("\n", "record " + shape.getSimpleName() + "\n", ""));
        }
    }

    /** {@code exeInode} becomes {@code exe_inode}. */
    static String snakeCase(String camelCase) {
        return camelCase.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }
}
