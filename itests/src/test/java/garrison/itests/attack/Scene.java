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
            scene.fillGuarded();
            Files.createDirectories(scene.outsideFolder());
            scene.write(scene.evil(), EVIL);
            return scene;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a scene at " + root, e);
        }
    }

    /** Moves the guarded folder to a file system of its own, mounted above it. */
    void mountAbove(Attacker attacker) {
        try {
            Files.move(guarded(), outside().resolve("was"));
            attacker.run("tmpfs-over", above().toString());
            fillGuarded();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a scene at " + root, e);
        }
    }

    private void fillGuarded() throws IOException {
        Files.createDirectories(guarded());
        Files.createDirectory(folder());
        Files.createDirectory(empty());
        write(file(), secret);
        write(other(), secret);
        write(deep(), secret);
    }

    private void write(Path file, String content) throws IOException {
        Files.writeString(file, content);
        Files.setLastModifiedTime(file, MADE);
    }

    /** Puts a program among the guarded files. */
    public void addProgram(Path original) {
        copy(original, program());
    }

    /** Puts a program outside that a rule may let through. */
    void addHelper(Path original) {
        copy(original, helper());
    }

    private static void copy(Path original, Path program) {
        try {
            Files.copy(original, program);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + original, e);
        }
        permit(program, "rwxr-xr-x");
    }

    /** A program outside, if {@link #addHelper} was called. */
    Path helper() {
        return outside().resolve("helper");
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

    /** The attacker's script, which {@link #program()} interprets; if {@link #writeScript} was called. */
    Path script() {
        return outside().resolve("script");
    }

    /** Writes the script. */
    void writeScript(String line) {
        try {
            Files.writeString(script(), "#!" + program() + "\n" + line + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        permit(script(), "rwxr-xr-x");
    }

    private static void permit(Path file, String permissions) {
        try {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another folder of the attacker's beside {@link #outside()}; if {@link #makeSecond} was called. */
    Path second() {
        return root.resolve("second");
    }

    /** Makes that folder. */
    void makeSecond() {
        try {
            Files.createDirectory(second());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
