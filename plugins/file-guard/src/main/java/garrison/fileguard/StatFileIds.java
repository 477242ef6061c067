// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * File identities from stat(2), for those who only compare them with each other: no privileges, nothing loaded. The kernel's own
 * differ on overlayfs and btrfs, where one device of a super block is shown as several.
 */
final class StatFileIds {
    private StatFileIds() {}

    static List<FileId> identify(List<Path> paths) {
        List<FileId> ids = new ArrayList<>(paths.size());
        for (Path path : paths) {
            try {
                Map<String, Object> seen = Files.readAttributes(path, "unix:dev,ino");
                ids.add(new FileId((Long) seen.get("dev"), (Long) seen.get("ino"), 0));
            } catch (NoSuchFileException e) {
                throw new FileIds.FileNotFound(path, "No such file or directory");
            } catch (IOException e) {
                throw new GarrisonException("cannot look up " + path + ": " + e, e);
            }
        }
        return ids;
    }
}
