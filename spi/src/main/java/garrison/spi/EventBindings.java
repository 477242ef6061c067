// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.function.Consumer;
import java.util.function.Function;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Says what the records in a plugin's ring buffer are. Each record begins with {@code struct garrison_event} (see
 * {@code bpf/include/garrison.bpf.h}), whose {@code type} chooses the binding. A record of a type that nobody bound is
 * counted and reported as lost.
 */
@ProviderType
public interface EventBindings {
    /**
     * Binds a record type to a Java record. Components are matched to C fields by name ({@code exeInode} reads
     * {@code exe_inode}; nested structs through component types that are records themselves): {@code byte}, {@code short},
     * {@code int}, {@code long} read integers of just that size; {@code byte[]} reads arrays and the flexible array member;
     * {@code String} reads a NUL-terminated char array as UTF-8 with malformed bytes replaced.
     *
     * @param type the value of {@code garrison_event.type}
     * @param struct the C struct's name in the object's BTF
     * @param shape the Java record
     * @param handler called on the reader's thread with a new record each time; must not block
     * @throws LayoutException if a component has no field of its name, size and kind
     */
    <R extends Record> void on(int type, String struct, Class<R> shape, Consumer<R> handler);

    /**
     * Binds a record type to a handler that reads in place, for paths on which nothing may be allocated.
     *
     * @param fields is called once with a resolver from C field name to {@link RecordView.Field}, and returns the handler
     * @throws LayoutException if the struct or a field is not there
     */
    void raw(int type, String struct, Function<Function<String, RecordView.Field>, RecordHandler> fields);
}
