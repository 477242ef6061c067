// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.spi.GarrisonException;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** A file with objects to sign or to verify: one object, a bundle with some, or a lock of cfi-monitor. What it replaces it replaces in one step. */
final class SignFile {
    private static final String OBJECT = ".bpf.o";
    private static final String LOCK = ".lock";
    /** As cfi-monitor reads it: no other text is signed by mistake, and none that a terminal would not show. */
    private static final Pattern LOCK_LINE = Pattern.compile(
            "[ \\t]*([0-9a-f]+[ \\t]+[a-z_]+[ \\t]+[0-9a-f]{1,8}[ \\t]*)?(#[\\t\\P{Cntrl}]*)?");
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

    private final Path path;
    private final boolean jar;
    private final List<SignedObject> objects;

    private SignFile(Path path, boolean jar, List<SignedObject> objects) {
        this.path = path;
        this.jar = jar;
        this.objects = objects;
    }

    /**
     * Reads a file.
     *
     * @throws GarrisonException if it cannot be read, or holds no object
     */
    static SignFile of(Path named) {
        try {
            Path path = named.toRealPath();
            boolean jar = named.toString().endsWith(".jar");
            List<SignedObject> objects = jar ? inJar(path) : List.of(inFile(path, named));
            if (objects.isEmpty()) {
                throw new GarrisonException(named + ": holds no BPF object (no entry named *" + OBJECT + ")");
            }
            return new SignFile(path, jar, objects);
        } catch (NoSuchFileException e) {
            throw new GarrisonException(named + ": there is no such file", e);
        } catch (IOException e) {
            throw new GarrisonException(named + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static SignedObject inFile(Path path, Path named) throws IOException {
        byte[] bytes;
        try (var in = Files.newInputStream(path)) {
            bytes = in.readNBytes(ProgramSource.MAX_BYTES);
        }
        if (named.toString().endsWith(LOCK)) {
            checkLock(named, bytes);
        } else {
            checkElf(named.toString(), bytes);
        }
        Path signature = signatureOf(path);
        return new SignedObject(named.getFileName().toString(), bytes,
                Files.exists(signature) ? Optional.of(Files.readAllBytes(signature)) : Optional.empty());
    }

    private static List<SignedObject> inJar(Path path) throws IOException {
        List<SignedObject> objects = new ArrayList<>();
        try (ZipFile zip = new ZipFile(path.toFile())) {
            for (ZipEntry entry : zip.stream().filter(e -> e.getName().endsWith(OBJECT)).toList()) {
                byte[] bytes = read(zip, entry);
                checkElf(path + ", " + entry.getName(), bytes);
                ZipEntry signature = zip.getEntry(entry.getName() + SignedObject.SUFFIX);
                objects.add(new SignedObject(entry.getName(), bytes,
                        signature == null ? Optional.empty() : Optional.of(read(zip, signature))));
            }
        }
        return objects;
    }

    private static byte[] read(ZipFile zip, ZipEntry entry) throws IOException {
        try (var in = zip.getInputStream(entry)) {
            return in.readNBytes(ProgramSource.MAX_BYTES);
        }
    }

    private static void checkElf(String name, byte[] bytes) {
        if (bytes.length < ELF.length || !java.util.Arrays.equals(bytes, 0, ELF.length, ELF, 0, ELF.length)) {
            throw new GarrisonException(name + ": is no BPF object (not an ELF file); name objects (*" + OBJECT + "), bundles (*.jar)"
                    + " and locks of cfi-monitor (*" + LOCK + ")");
        }
    }

    private static void checkLock(Path named, byte[] bytes) {
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            if (!LOCK_LINE.matcher(lines[i]).matches()) {
                throw new GarrisonException(named + ":" + (i + 1) + ": no call site (BUILD-ID FUNCTION OFFSET); take the line out before"
                        + " the lock is signed");
            }
        }
    }

    private static Path signatureOf(Path object) {
        return object.resolveSibling(object.getFileName() + SignedObject.SUFFIX);
    }

    /** What is in it. */
    List<SignedObject> objects() {
        return objects;
    }

    /**
     * Signs all objects in it; signatures that were there are replaced.
     *
     * @return what was signed, for people
     * @throws GarrisonException if the file cannot be written; it is as before then
     */
    List<String> sign(SigningKey key) {
        Map<String, byte[]> signatures = new LinkedHashMap<>();
        objects.forEach(object -> signatures.put(object.name(), key.sign(object.bytes())));
        if (jar) {
            replace(path, permissions(path), out -> rewrite(signatures, out));
            return signatures.keySet().stream().map(name -> name + " in " + path).toList();
        }
        Path signature = signatureOf(path);
        replace(signature, PosixFilePermissions.fromString("rw-r--r--"), out -> out.write(signatures.values().iterator().next()));
        return List.of(path + " in " + signature);
    }

    /** All entries in their order, each signature behind its object and of its age, so that the same input gives the same jar. */
    private void rewrite(Map<String, byte[]> signatures, OutputStream out) throws IOException {
        try (ZipFile zip = new ZipFile(path.toFile())) {
            ZipOutputStream entries = new ZipOutputStream(out);
            for (ZipEntry entry : zip.stream().toList()) {
                String name = entry.getName();
                if (name.endsWith(SignedObject.SUFFIX)
                        && signatures.containsKey(name.substring(0, name.length() - SignedObject.SUFFIX.length()))) {
                    continue;
                }
                ZipEntry copy = new ZipEntry(entry);
                copy.setCompressedSize(entry.getMethod() == ZipEntry.STORED ? entry.getSize() : -1);
                entries.putNextEntry(copy);
                try (var in = zip.getInputStream(entry)) {
                    in.transferTo(entries);
                }
                if (signatures.containsKey(name)) {
                    ZipEntry signature = new ZipEntry(name + SignedObject.SUFFIX);
                    signature.setTimeLocal(entry.getTimeLocal());
                    entries.putNextEntry(signature);
                    entries.write(signatures.get(name));
                }
            }
            entries.finish();
        }
    }

    private static Set<PosixFilePermission> permissions(Path file) {
        try {
            return Files.getPosixFilePermissions(file);
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be looked at: " + e.getMessage(), e);
        }
    }

    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** Written beside it and put in its place: nobody ever reads half a file, not even after a loss of power. */
    private static void replace(Path file, Set<PosixFilePermission> permissions, Content content) {
        Path part = file.resolveSibling("." + file.getFileName() + ".part");
        try {
            Files.deleteIfExists(part);
            try (FileChannel channel = FileChannel.open(part, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(permissions))) {
                content.write(Channels.newOutputStream(channel));
                channel.force(true);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            GarrisonException failure = new GarrisonException(file + ": cannot be written: " + e, e);
            try {
                Files.deleteIfExists(part);
            } catch (IOException alsoThat) {
                failure.addSuppressed(alsoThat);
            }
            throw failure;
        }
    }
}
