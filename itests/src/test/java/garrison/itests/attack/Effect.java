// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.function.Function;

/** How the success of an attack is seen. Asked before the attack too: what is seen then already would prove nothing. */
@FunctionalInterface
public interface Effect {
    /**
     * Whether the attack has done its harm.
     *
     * @param scene where
     * @param outcome of the attack; {@link #NOTHING_YET} before it
     * @param attacker looks where Java cannot
     */
    boolean seen(Scene scene, Outcome outcome, Attacker attacker);

    /** Before the attack. */
    Outcome NOTHING_YET = new Outcome(0, 0, "", "");

    /** A file's content is no longer the secret. */
    static Effect changed(Function<Scene, Path> file) {
        return (scene, outcome, attacker) -> !content(file.apply(scene)).equals(scene.secret());
    }

    /** A file's content is still the secret, but under a path where it was not. */
    static Effect secretAt(Function<Scene, Path> file) {
        return (scene, outcome, attacker) -> Files.isRegularFile(file.apply(scene))
                && content(file.apply(scene)).equals(scene.secret());
    }

    /** The attacker learnt the secret. */
    static Effect secretTold() {
        return (scene, outcome, attacker) -> outcome.output().contains(scene.secret().strip());
    }

    /** The attacker said a word. */
    static Effect told(String word) {
        return (scene, outcome, attacker) -> outcome.output().contains(word);
    }

    /** A name is there. */
    static Effect there(Function<Scene, Path> path) {
        return (scene, outcome, attacker) -> Files.exists(path.apply(scene), LinkOption.NOFOLLOW_LINKS);
    }

    /** A name is gone. */
    static Effect gone(Function<Scene, Path> path) {
        return (scene, outcome, attacker) -> Files.notExists(path.apply(scene), LinkOption.NOFOLLOW_LINKS);
    }

    /** Anyone may write the file. */
    static Effect writableByAll(Function<Scene, Path> path) {
        return (scene, outcome, attacker) -> {
            try {
                return Files.getPosixFilePermissions(path.apply(scene)).contains(PosixFilePermission.OTHERS_WRITE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** A Java file attribute has a value, for example {@code unix:uid} 4711. */
    static Effect attribute(Function<Scene, Path> path, String name, Object value) {
        return (scene, outcome, attacker) -> {
            try {
                return Files.getAttribute(path.apply(scene), name).equals(value);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** An extended attribute is there. */
    static Effect xattr(Function<Scene, Path> path, String name) {
        return (scene, outcome, attacker) -> !xattrOf(path.apply(scene), name, attacker).equals("none");
    }

    /** An extended attribute is not there. */
    static Effect noXattr(Function<Scene, Path> path, String name) {
        return (scene, outcome, attacker) -> xattrOf(path.apply(scene), name, attacker).equals("none");
    }

    /** The file's no-dump flag is set. */
    static Effect noDump(Function<Scene, Path> path) {
        return (scene, outcome, attacker) -> {
            String flags = attacker.run("show-flags", path.apply(scene).toString()).output().strip();
            return (Long.decode(flags) & 0x40) != 0;
        };
    }

    private static String xattrOf(Path path, String name, Attacker attacker) {
        return attacker.run("show-xattr", path.toString(), name).output().strip();
    }

    private static String content(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
