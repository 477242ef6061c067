// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.nio.file.Path;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Asks the kernel which file a path leads to. */
@ProviderType
public interface FileIds {
    /**
     * Resolves paths (symbolic links followed), in order, none left out. The files are not opened for access: devices and
     * FIFOs are safe to name.
     *
     * @param paths absolute paths
     * @return one id a path
     * @throws FileNotFound for the first path that does not lead to a file
     * @throws KernelException when the kernel refuses the look-up
     * @since kernel 6.1 (a task_file iterator with a pid filter)
     */
    List<FileId> identify(List<Path> paths);

    /** A path that leads nowhere. The caller knows which line of a policy named it. */
    final class FileNotFound extends GarrisonException {
        private static final long serialVersionUID = 1L;

        private final transient Path path;

        /**
         * @param path the path as given
         * @param reason errno in words
         */
        public FileNotFound(Path path, String reason) {
            super(path + ": " + reason);
            this.path = path;
        }

        /** The path as given. */
        public Path path() {
            return path;
        }
    }
}
