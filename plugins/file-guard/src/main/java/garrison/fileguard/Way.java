// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.FileId;
import garrison.spi.FileIds;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The way from an object up to the root of its file system, as a walk in the kernel takes it.
 *
 * @param names the object, the directory it lies in, and so on
 * @param ids the same by identity; of what is not there one that no file has
 * @param owner the object's uid; empty where it is not there, or not it is meant
 * @param directory whether the object is one
 * @param absent whether it is only a name yet
 * @param below not the first object itself is meant, but whatever lies below it
 */
record Way(List<Path> names, List<FileId> ids, OptionalLong owner, boolean directory, boolean absent, boolean below) {
    /**
     * The way from an object, or from a name that no file has.
     *
     * @throws GarrisonException if the directory of the name is none
     */
    static Way of(Path path, Mounts mounts, FileIds files) {
        try {
            if (Files.notExists(path) && path.getParent() != null) {
                return toBe(path.getParent().toRealPath().resolve(path.getFileName()), mounts, files);
            }
            Path real = unbound(path.toRealPath(), mounts);
            List<Path> names = names(real, mounts);
            Map<String, Object> seen = Files.readAttributes(real, "unix:uid,isDirectory", LinkOption.NOFOLLOW_LINKS);
            OptionalLong owner = OptionalLong.of(Integer.toUnsignedLong((int) seen.get("uid")));
            return new Way(names, files.identify(names), owner, (boolean) seen.get("isDirectory"), false, false);
        } catch (IOException | FileIds.FileNotFound e) {
            throw new GarrisonException(path + " cannot be looked at: there is no such file, or this user may not reach it", e);
        }
    }

    private static Way toBe(Path path, Mounts mounts, FileIds files) throws IOException {
        Path directory = unbound(path.getParent(), mounts);
        List<Path> names = names(directory, mounts);
        List<FileId> ids = new ArrayList<>(files.identify(names));
        byte[] name = path.getFileName().toString().getBytes(StandardCharsets.UTF_8);
        // Its number is its name's, in a device of its own: two rules for one name know one object.
        ids.addFirst(new FileId(-1 - ids.getFirst().inode(), NameHash.of(name), 0));
        List<Path> all = new ArrayList<>(names);
        all.addFirst(directory.resolve(path.getFileName()));
        return new Way(List.copyOf(all), List.copyOf(ids), OptionalLong.empty(), false, true, false);
    }

    private static Path unbound(Path shown, Mounts mounts) throws IOException {
        Path unbound = mounts.unbound(shown);
        // Where another mount hides the place, it is only known by the way it was asked for.
        return Files.exists(unbound) && Files.isSameFile(unbound, shown) ? unbound : shown;
    }

    private static List<Path> names(Path real, Mounts mounts) {
        Path last = mounts.pointOf(real);
        List<Path> names = new ArrayList<>();
        for (Path at = real; at != null; at = at.equals(last) ? null : at.getParent()) {
            names.add(at);
        }
        return List.copyOf(names);
    }

    /** The same way, for whatever lies below its first object. */
    Way fromBelow() {
        return new Way(names, ids, OptionalLong.empty(), directory, absent, true);
    }

    Path object() {
        return names.getFirst();
    }
}
