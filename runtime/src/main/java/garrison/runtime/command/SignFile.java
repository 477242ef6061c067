// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.light.LightSkeleton;
import garrison.framework.object.BpfSpec;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.spi.GarrisonException;
import garrison.spi.ObjectFormatException;
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
import java.util.stream.Collectors;
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
    private static final Set<PosixFilePermission> READABLE = PosixFilePermissions.fromString("rw-r--r--");
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
        return new SignedObject(named.getFileName().toString(), bytes, readIfThere(beside(path, SignedObject.SUFFIX)),
                readIfThere(beside(path, SignedObject.SKELETON_SUFFIX)));
    }

    private static Optional<byte[]> readIfThere(Path file) throws IOException {
        return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    private static List<SignedObject> inJar(Path path) throws IOException {
        List<SignedObject> objects = new ArrayList<>();
        try (ZipFile zip = new ZipFile(path.toFile())) {
            for (ZipEntry entry : zip.stream().filter(e -> e.getName().endsWith(OBJECT)).toList()) {
                byte[] bytes = read(zip, entry);
                checkElf(path + ", " + entry.getName(), bytes);
                objects.add(new SignedObject(entry.getName(), bytes, readIfThere(zip, entry.getName() + SignedObject.SUFFIX),
                        readIfThere(zip, entry.getName() + SignedObject.SKELETON_SUFFIX)));
            }
        }
        return objects;
    }

    private static Optional<byte[]> readIfThere(ZipFile zip, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        return entry == null ? Optional.empty() : Optional.of(read(zip, entry));
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

    private static Path beside(Path object, String suffix) {
        return object.resolveSibling(object.getFileName() + suffix);
    }

    /** What is in it. */
    List<SignedObject> objects() {
        return objects;
    }

    /** What is to lie beside one object. */
    private record Signatures(SignedObject object, byte[] signature, Optional<byte[]> skeleton, String remark) {
        static Signatures of(SignedObject object, SigningKey key) {
            byte[] signature = key.sign(object.bytes());
            if (!object.name().endsWith(OBJECT)) {
                return new Signatures(object, signature, Optional.empty(), "");
            }
            try {
                LightSkeleton skeleton = LightSkeleton.of(BpfSpec.parse(object.name(), object.bytes()), object.bytes());
                return new Signatures(object, signature, Optional.of(key.sign(skeleton.code())), ", and its light skeleton for the kernel");
            } catch (ObjectFormatException e) {
                return new Signatures(object, signature, Optional.empty(), ", without a light skeleton: " + e.getMessage());
            }
        }

        /** The names of all files that may lie beside an object. */
        static List<String> beside(String object) {
            return List.of(object + SignedObject.SUFFIX, object + SignedObject.SKELETON_SUFFIX);
        }

        Map<String, byte[]> files() {
            Map<String, byte[]> files = new LinkedHashMap<>();
            files.put(object.name() + SignedObject.SUFFIX, signature);
            skeleton.ifPresent(bytes -> files.put(object.name() + SignedObject.SKELETON_SUFFIX, bytes));
            return files;
        }
    }

    /**
     * Signs all objects in it; signatures that were there are replaced.
     *
     * @return what was signed, for people
     * @throws GarrisonException if the file cannot be written; it is as before then
     */
    List<String> sign(SigningKey key) {
        Map<String, Signatures> made = new LinkedHashMap<>();
        objects.forEach(object -> made.put(object.name(), Signatures.of(object, key)));
        if (jar) {
            replace(path, permissions(path), out -> rewrite(made, out));
            return made.values().stream().map(one -> one.object.name() + " in " + path + one.remark).toList();
        }
        Signatures only = made.values().iterator().next();
        // What is of the object as it was before is worse than nothing.
        remove(beside(path, SignedObject.SKELETON_SUFFIX));
        replace(beside(path, SignedObject.SUFFIX), READABLE, out -> out.write(only.signature));
        only.skeleton.ifPresent(bytes -> replace(beside(path, SignedObject.SKELETON_SUFFIX), READABLE, out -> out.write(bytes)));
        return List.of(path + " in " + beside(path, SignedObject.SUFFIX) + only.remark);
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be removed: " + e, e);
        }
    }

    /** All entries in their order, signatures behind their object and of its age, so that the same input gives the same jar. */
    private void rewrite(Map<String, Signatures> made, OutputStream out) throws IOException {
        Set<String> before = made.keySet().stream().flatMap(name -> Signatures.beside(name).stream()).collect(Collectors.toSet());
        try (ZipFile zip = new ZipFile(path.toFile())) {
            ZipOutputStream entries = new ZipOutputStream(out);
            for (ZipEntry entry : zip.stream().toList()) {
                String name = entry.getName();
                if (before.contains(name)) {
                    continue;
                }
                ZipEntry copy = new ZipEntry(entry);
                copy.setCompressedSize(entry.getMethod() == ZipEntry.STORED ? entry.getSize() : -1);
                entries.putNextEntry(copy);
                try (var in = zip.getInputStream(entry)) {
                    in.transferTo(entries);
                }
                if (made.containsKey(name)) {
                    for (Map.Entry<String, byte[]> file : made.get(name).files().entrySet()) {
                        ZipEntry signature = new ZipEntry(file.getKey());
                        signature.setTimeLocal(entry.getTimeLocal());
                        entries.putNextEntry(signature);
                        entries.write(file.getValue());
                    }
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
