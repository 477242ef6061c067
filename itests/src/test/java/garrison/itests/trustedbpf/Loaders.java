// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.framework.trust.LoaderSignature;
import garrison.framework.trust.Release;
import garrison.framework.trust.SigningKey;
import garrison.itests.Guest;
import garrison.itests.attack.AttackProgram;
import garrison.itests.attack.Filesystem;
import garrison.spi.KernelVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Copies of the attack program on a file system with fs-verity, signed as this kernel wants it: beside the content of a sealed
 * file, or in a list.
 */
final class Loaders implements AutoCloseable {
    private static final KernelVersion KFUNCS = new KernelVersion(6, 8, 0);

    private final Path base = Guest.scratch("loaders");
    private final Filesystem sealing = Filesystem.mount(Filesystem.Kind.EXT4, base.resolve("ext4"));
    /** Computed once: hashing in Java is slow under emulation. */
    private final FileDigest measured = digest(Guest.attacks().file());
    private final Map<Path, byte[]> listed = new LinkedHashMap<>();

    /** Whether this kernel knows loaders by a list only. */
    static boolean byList() {
        return Guest.kernel().compareTo(KFUNCS) < 0;
    }

    /** Where files can be sealed. */
    Path folder() {
        return sealing.folder();
    }

    /** A copy of the attack program, not signed. */
    Path copy(String name) {
        return copy(sealing.folder().resolve(name));
    }

    static Path copy(Path target) {
        try {
            return Files.copy(Guest.attacks().file(), target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy signed by a key: a good loader, if the key is. */
    AttackProgram signed(String name, SigningKey key) {
        Path file = copy(name);
        attach(file, signature(key));
        return new AttackProgram(file);
    }

    /** The same with a release. */
    AttackProgram signed(String name, SigningKey key, Release release) {
        Path file = copy(name);
        attach(file, LoaderSignature.make(key, measured, Optional.of(release)).encoded());
        return new AttackProgram(file);
    }

    /** The same of a file of another digest. */
    AttackProgram signedOther(String name, SigningKey key) {
        Path file = copy(name);
        try {
            Files.write(file, new byte[] {0}, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        attach(file, key.sign(digest(file).signedBytes()));
        return new AttackProgram(file);
    }

    /** Serials of the keyrings that this process made, the oldest first. */
    static List<String> keyrings() {
        try {
            return Files.readAllLines(Path.of("/proc/keys")).stream()
                    .filter(line -> line.contains(" garrison-" + ProcessHandle.current().pid() + "-"))
                    .sorted(Comparator.comparingInt(line -> Integer.parseInt(line.replaceAll(".* garrison-\\d+-(\\d+).*", "$1"))))
                    .map(line -> String.valueOf(Integer.parseUnsignedInt(line.split(" ")[0], 16))).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A signature of the attack program. */
    byte[] signature(SigningKey key) {
        return key.sign(measured.signedBytes());
    }

    /** What this kernel measures of a file. */
    static FileDigest digest(Path file) {
        return new Loader(file).digest(byList() ? FileDigest.Kind.CONTENT : FileDigest.Kind.VERITY);
    }

    /** Gives a file a signature, whatever it is, and seals it. */
    void attach(Path file, byte[] signature) {
        if (byList()) {
            listed.put(file, signature);
        } else {
            Loader loader = new Loader(file);
            loader.attach(signature);
            loader.seal();
        }
    }

    /** The list so far, as a file. */
    Path list() {
        String lines = listed.entrySet().stream()
                .map(e -> Base64.getEncoder().encodeToString(e.getValue()) + " " + e.getKey() + "\n").collect(Collectors.joining());
        try {
            return Files.writeString(base.resolve("signatures"), "# loaders\n" + lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a certificate for a policy to name. */
    Path certificate(SigningKey key, String name) {
        key.write(base.resolve(name + ".key"), base.resolve(name + ".pem"));
        return base.resolve(name + ".pem");
    }

    @Override
    public void close() {
        sealing.close();
    }
}
