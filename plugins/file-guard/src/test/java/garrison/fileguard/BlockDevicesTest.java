// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a made-up sysfs: a mapped device 253:0 on the partition 8:1 of the disk 8:0. */
class BlockDevicesTest {
    @TempDir
    Path sysfs;

    @BeforeEach
    void make() throws IOException {
        Path disk = device("devices/pci/sda", "8:0", "sda");
        Path partition = device("devices/pci/sda/sda1", "8:1", "sda1");
        Files.writeString(partition.resolve("partition"), "1\n");
        Files.createDirectory(disk.resolve("slaves"));
        Path mapped = device("devices/virtual/dm-0", "253:0", "dm-0");
        Files.createDirectory(mapped.resolve("slaves"));
        Files.createSymbolicLink(mapped.resolve("slaves/sda1"), partition);
    }

    private Path device(String folder, String numbers, String name) throws IOException {
        Path device = Files.createDirectories(sysfs.resolve(folder));
        Files.writeString(device.resolve("dev"), numbers + "\n");
        Files.writeString(device.resolve("uevent"), "MAJOR=" + numbers.split(":")[0] + "\nDEVNAME=" + name + "\n");
        Files.createDirectories(sysfs.resolve("dev/block"));
        Files.createSymbolicLink(sysfs.resolve("dev/block/" + numbers), device);
        return device;
    }

    @Test
    void mappedDevice_liesOnItsPartitionAndThatOnItsDisk() throws IOException {
        assertEquals(Map.of(253 << 20, Path.of("/dev/dm-0"), 8 << 20 | 1, Path.of("/dev/sda1"), 8 << 20, Path.of("/dev/sda")),
                new BlockDevices(sysfs).below(253 << 20));
    }

    @Test
    void disk_doesNotLieOnItsPartitions() throws IOException {
        assertEquals(Map.of(8 << 20, Path.of("/dev/sda")), new BlockDevices(sysfs).below(8 << 20));
    }

    @Test
    void fileSystemWithoutDevice_hasNone() throws IOException {
        assertEquals(Map.of(), new BlockDevices(sysfs).below(42));
    }
}
