// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Fresh files for one attack:
 *
 * <pre>
 * ROOT/above/guarded/            what a policy protects
 *                    file        with a secret in it
 *                    other
 *                    program     when asked for: a copy of the attack program
 *                    folder/deep
 *                    empty/
 * ROOT/outside/evil              where the attacker is at home
 *              folder/
 * </pre>
 */
public final class Scene {
    private static final String EVIL = "evil\n";
    private static final FileTime MADE = FileTime.fromMillis(1_000_000_000_000L);

    private final Path root;
    private final String secret;

    private Scene(Path root) {
        this.root = root;
        this.secret = "the secret of " + root.getFileName() + "\n";
    }

    /**
     * Makes the files.
     *
     * @param root must not exist yet; its parents are made
     */
    public static Scene make(Path root) {
        Scene scene = new Scene(root);
        try {
            Files.createDirectories(scene.guarded());
            Files.createDirectory(scene.folder());
            Files.createDirectory(scene.empty());
            Files.createDirectories(scene.outsideFolder());
            scene.write(scene.file(), scene.secret);
            scene.write(scene.other(), scene.secret);
            scene.write(scene.deep(), scene.secret);
            scene.write(scene.evil(), EVIL);
            return scene;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a scene at " + root, e);
        }
    }

    private void write(Path file, String content) throws IOException {
        Files.writeString(file, content);
        Files.setLastModifiedTime(file, MADE);
    }

    /** Puts a program among the guarded files. */
    public void addProgram(Path original) {
        try {
            Files.copy(original, program());
            Files.setPosixFilePermissions(program(), PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + original, e);
        }
    }

    /** The folder of all. */
    public Path root() {
        return root;
    }

    /** The guarded folder's parent, which no rule names. */
    public Path above() {
        return root.resolve("above");
    }

    /** What a rule for a tree names. */
    public Path guarded() {
        return above().resolve("guarded");
    }

    /** A file in the tree, with the secret. */
    public Path file() {
        return guarded().resolve("file");
    }

    /** A second one. */
    public Path other() {
        return guarded().resolve("other");
    }

    /** A program in the tree, if {@link #addProgram} was called. */
    public Path program() {
        return guarded().resolve("program");
    }

    /** A folder in the tree that holds {@link #deep()}. */
    public Path folder() {
        return guarded().resolve("folder");
    }

    /** A file two levels below the tree's root. */
    public Path deep() {
        return folder().resolve("deep");
    }

    /** An empty folder in the tree. */
    public Path empty() {
        return guarded().resolve("empty");
    }

    /** A name in the tree that is free. */
    public Path fresh() {
        return guarded().resolve("fresh");
    }

    /** The attacker's folder. */
    public Path outside() {
        return root.resolve("outside");
    }

    /** The attacker's file. */
    public Path evil() {
        return outside().resolve("evil");
    }

    /** The attacker's second folder, empty. */
    public Path outsideFolder() {
        return outside().resolve("folder");
    }

    /** A name in the attacker's folder that is free. */
    public Path outsideFresh() {
        return outside().resolve("fresh");
    }

    /** What the files of the tree hold, a line. */
    public String secret() {
        return secret;
    }
}
