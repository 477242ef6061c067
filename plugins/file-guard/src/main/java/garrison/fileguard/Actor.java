// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.GarrisonException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Someone who might do something. What is left out matches no entry that asks for it: an actor without uid is nobody's.
 *
 * @param executable the running program's file, absolute; of a script its interpreter
 * @param uid the file system uid
 * @param gid the file system gid
 * @param cgroup the process's cgroup (v2), below the root of the hierarchy
 * @param ancestor the file that a process above runs, absolute
 * @param verity the running program's fs-verity digest; not looked up if only the program is told
 */
public record Actor(Optional<Path> executable, OptionalLong uid, OptionalLong gid, Optional<Path> cgroup, Optional<Path> ancestor,
        Optional<VerityDigest> verity) {
    /** Someone whom no entry of any rule means. */
    public static final Actor ANYONE = new Actor(Optional.empty(), OptionalLong.empty(), OptionalLong.empty(), Optional.empty(),
            Optional.empty(), Optional.empty());

    /**
     * Reads words: the path of an executable, {@code uid:N}, {@code gid:N}, {@code cgroup:/PATH}, {@code under:/PATH},
     * {@code verity:sha256:HEX}, {@code verity:sha512:HEX}.
     *
     * @throws GarrisonException for a word that is none of these
     */
    public static Actor of(List<String> words) {
        Actor actor = ANYONE;
        for (String word : words) {
            actor = actor.with(word);
        }
        return actor;
    }

    private Actor with(String word) {
        String value = word.substring(word.indexOf(':') + 1);
        try {
            if (word.startsWith("/")) {
                return new Actor(Optional.of(Path.of(word)), uid, gid, cgroup, ancestor, verity);
            }
            if (word.startsWith("uid:")) {
                return new Actor(executable, OptionalLong.of(id(value)), gid, cgroup, ancestor, verity);
            }
            if (word.startsWith("gid:")) {
                return new Actor(executable, uid, OptionalLong.of(id(value)), cgroup, ancestor, verity);
            }
            if (word.startsWith("cgroup:/")) {
                return new Actor(executable, uid, gid, Optional.of(Path.of(value)), ancestor, verity);
            }
            if (word.startsWith("under:/")) {
                return new Actor(executable, uid, gid, cgroup, Optional.of(Path.of(value)), verity);
            }
            if (word.startsWith("verity:")) {
                Optional<VerityDigest> digest = VerityDigest.parse(value);
                return new Actor(executable, uid, gid, cgroup, ancestor, Optional.of(digest.orElseThrow(() -> unknown(word))));
            }
        } catch (NumberFormatException | InvalidPathException e) {
            throw unknown(word);
        }
        throw unknown(word);
    }

    private static long id(String text) {
        return Integer.toUnsignedLong(Integer.parseUnsignedInt(text));
    }

    private static GarrisonException unknown(String word) {
        return new GarrisonException("nobody is '" + word + "'; say who acts by the path of an executable, by uid:N, gid:N, cgroup:/PATH, under:/PATH,"
                + " verity:sha256:HEX or verity:sha512:HEX");
    }

    /** For people. */
    public String words() {
        List<String> words = new ArrayList<>();
        executable.ifPresent(path -> words.add(path.toString()));
        uid.ifPresent(id -> words.add("uid " + id));
        gid.ifPresent(id -> words.add("gid " + id));
        cgroup.ifPresent(path -> words.add("cgroup " + path));
        ancestor.ifPresent(path -> words.add("under " + path));
        verity.ifPresent(digest -> words.add("program of fs-verity digest " + digest));
        return words.isEmpty() ? "anyone" : String.join(" as ", words);
    }
}
