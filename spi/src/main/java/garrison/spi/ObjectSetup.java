// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** An object that is open but not loaded: what must be decided before the verifier sees it. Valid only during the call. */
@ProviderType
public interface ObjectSetup {
    /** The object's programs in the order of the ELF. */
    List<ProgramInfo> programs();

    /**
     * Whether a program is loaded. Sections with {@code ?} start as false, all others as true.
     *
     * @throws IllegalArgumentException if the object has no such program
     */
    void load(String program, boolean load);

    /**
     * Sets a {@code const volatile} integer before load, so that the verifier drops what it rules out.
     *
     * @param variable the C variable's name
     * @param value must fit the variable's size; sign-extended from 8 bytes
     * @throws IllegalArgumentException if there is no such variable, it is not an integer, or the value does not fit
     */
    void constant(String variable, long value);

    /**
     * Sets a map's size.
     *
     * @param map the map's name
     * @param entries at least 1; for a ring buffer bytes, a power of two and a multiple of the page size
     * @throws IllegalArgumentException if the object has no such map
     */
    void maxEntries(String map, int entries);

    /**
     * Has a map keep its contents when the plugin's object is loaded anew while the present one is attached: at a swap, a
     * bundle's update, and after the process was killed. Then the new object gets the very same map, which must have the same
     * type, key, value and flags. Maps that are not kept begin empty.
     *
     * @param map the map's name
     * @throws IllegalArgumentException if the object has no such map
     */
    void keep(String map);
}
