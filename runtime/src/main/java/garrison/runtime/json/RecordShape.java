// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;

/** A record class's components under their JSON names. Kept with the class, so it goes when the class's bundle goes. */
final class RecordShape {
    private static final ClassValue<RecordShape> SHAPES = new ClassValue<>() {
        @Override
        protected RecordShape computeValue(Class<?> type) {
            return new RecordShape(type);
        }
    };

    private final String[] names;
    private final MethodHandle[] accessors;

    private RecordShape(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        names = new String[components.length];
        accessors = new MethodHandle[components.length];
        for (int i = 0; i < components.length; i++) {
            names[i] = snakeCase(components[i].getName());
            try {
                // A plugin's record may well be private to its package.
                components[i].getAccessor().setAccessible(true);
                accessors[i] = MethodHandles.lookup().unreflect(components[i].getAccessor());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(type.getName() + "." + components[i].getName() + " cannot be read", e);
            }
        }
    }

    static RecordShape of(Record value) {
        return SHAPES.get(value.getClass());
    }

    /** Names and values in the order of the components. */
    Map<String, Object> fields(Record value) {
        Map<String, Object> fields = LinkedHashMap.newLinkedHashMap(names.length + 3);
        for (int i = 0; i < names.length; i++) {
            fields.put(names[i], read(accessors[i], value));
        }
        return fields;
    }

    private static Object read(MethodHandle accessor, Record value) {
        try {
            return accessor.invoke(value);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(value.getClass().getName() + ": an accessor threw", t);
        }
    }

    /** {@code ruleName} as {@code rule_name}, {@code exeURL} as {@code exe_url}. */
    static String snakeCase(String name) {
        StringBuilder snake = new StringBuilder(name.length() + 4);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean begins = Character.isUpperCase(c) && i > 0 && (!Character.isUpperCase(name.charAt(i - 1))
                    || i + 1 < name.length() && Character.isLowerCase(name.charAt(i + 1)));
            if (begins) {
                snake.append('_');
            }
            snake.append(Character.toLowerCase(c));
        }
        return snake.toString();
    }
}
