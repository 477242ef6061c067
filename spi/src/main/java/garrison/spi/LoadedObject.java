// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** An object in the kernel: verified, its maps live. Attaching and detaching stay the framework's. */
@ProviderType
public interface LoadedObject {
    /** The programs that were loaded. */
    List<ProgramInfo> programs();

    /**
     * A map by the name it has in the object.
     *
     * @throws IllegalArgumentException if there is none, naming those there are
     */
    BpfMap map(String name);
}
