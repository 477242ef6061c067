// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The block devices that a file system lies on, as sysfs tells: its own, the disk of a partition, what a mapped one is made of. */
final class BlockDevices {
    private static final String NAME = "DEVNAME=";

    private final Path sysfs;
    private final Map<Integer, Map<Integer, Path>> known = new HashMap<>();

    /** @param sysfs usually {@code /sys} */
    BlockDevices(Path sysfs) {
        this.sysfs = sysfs;
    }

    /**
     * Finds them; each question is asked of sysfs once.
     *
     * @param device the super block's, kernel encoding
     * @return the devices, kernel encoding, with the path of each below {@code /dev}; empty for a file system without any
     * @throws IOException if sysfs cannot be read
     */
    Map<Integer, Path> below(int device) throws IOException {
        Map<Integer, Path> found = known.get(device);
        if (found != null) {
            return found;
        }
        found = new LinkedHashMap<>();
        collect(sysfs.resolve("dev/block/" + (device >>> 20) + ":" + (device & 0xfffff)), found);
        known.put(device, found);
        return found;
    }

    private static void collect(Path folder, Map<Integer, Path> found) throws IOException {
        if (Files.notExists(folder)) {
            return;
        }
        Path real = folder.toRealPath();
        String[] numbers = Files.readString(real.resolve("dev")).strip().split(":");
        int device = Integer.parseInt(numbers[0]) << 20 | Integer.parseInt(numbers[1]);
        if (found.putIfAbsent(device, Path.of("/dev", name(real))) != null) {
            return;
        }
        if (Files.exists(real.resolve("partition"))) {
            collect(real.getParent(), found);
        }
        try (DirectoryStream<Path> slaves = Files.newDirectoryStream(real.resolve("slaves"))) {
            for (Path slave : slaves) {
                collect(slave, found);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // A partition has none of its own.
            return;
        }
    }

    private static String name(Path folder) throws IOException {
        return Files.readAllLines(folder.resolve("uevent")).stream().filter(line -> line.startsWith(NAME))
                .map(line -> line.substring(NAME.length())).findFirst().orElse(folder.getFileName().toString());
    }
}
