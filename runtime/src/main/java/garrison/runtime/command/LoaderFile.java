// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.trust.Anchor;
import garrison.framework.trust.FileDigest;
import garrison.framework.trust.Loader;
import garrison.framework.trust.LoaderSignature;
import garrison.framework.trust.Release;
import garrison.framework.trust.Revocations;
import garrison.framework.trust.SignedObject;
import garrison.framework.trust.SigningKey;
import garrison.framework.trust.TrustSettings;
import garrison.framework.trust.UntrustedObjectException;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A loader as the command line handles it. */
final class LoaderFile {
    /** As fsverity-utils name them. */
    private static final String DETACHED = ".sig";

    private final Path named;
    private final Path path;
    private final Loader loader;

    LoaderFile(Path named) {
        this.named = named;
        this.path = named.toAbsolutePath().normalize();
        this.loader = new Loader(path);
    }

    /** The file itself, or all plain files of a folder. */
    static List<LoaderFile> within(Path file) {
        if (!Files.isDirectory(file)) {
            return List.of(new LoaderFile(file));
        }
        try (Stream<Path> files = Files.list(file)) {
            return files.filter(Files::isRegularFile).sorted().map(LoaderFile::new).toList();
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be listed: " + e, e);
        }
    }

    /** Its fs-verity digest. */
    FileDigest digest() {
        return loader.digest(FileDigest.Kind.VERITY);
    }

    String digestText() {
        return digestText(false);
    }

    /** @param content whether that of the whole content is meant, else fs-verity's */
    String digestText(boolean content) {
        FileDigest.Kind kind = content ? FileDigest.Kind.CONTENT : FileDigest.Kind.VERITY;
        return "sha256:" + HexFormat.of().formatHex(loader.digest(kind).digest());
    }

    boolean isSealed() {
        return loader.sealed().isPresent();
    }

    /** The key by its identifier, whether the signature is good or not; or why there is none. */
    String signer() {
        return kept().map(signature -> SignedObject.keyId(signature.der()).orElse("(not readable)")).orElse("-");
    }

    /** What its signature says it is, whether the signature is good or not. */
    String release() {
        return release(null).map(Release::toString).orElse("-");
    }

    /** @param list where its signature is; null for beside it */
    Optional<Release> release(Path list) {
        return (list == null ? kept() : listed(list).map(LoaderSignature::of)).flatMap(LoaderSignature::release);
    }

    private Optional<LoaderSignature> kept() {
        return loader.signature().map(LoaderSignature::of);
    }

    String signBeside(SigningKey key, Optional<Release> release) {
        boolean guarded = loader.attach(LoaderSignature.make(key, digest(), release).encoded());
        return "user." + Loader.ATTRIBUTE + (guarded ? " and " + Loader.GUARDED : "") + (isSealed() ? "" : " (not sealed yet: garrison trust install does that)");
    }

    String signDetached(SigningKey key, Optional<Release> release) {
        Path signature = path.resolveSibling(path.getFileName() + DETACHED);
        replace(signature, LoaderSignature.make(key, digest(), release).encoded());
        return signature.toString();
    }

    /** A line for this loader comes into the list, in the place of one that was there. */
    String signInList(SigningKey key, Optional<Release> release, Path list) {
        byte[] signature = LoaderSignature.make(key, loader.digest(FileDigest.Kind.CONTENT), release).encoded();
        List<String> lines = new ArrayList<>(lines(list));
        lines.removeIf(line -> line.endsWith(" " + path));
        lines.add(Base64.getEncoder().encodeToString(signature) + " " + path);
        replace(list, (String.join("\n", lines) + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return list.toString();
    }

    private static List<String> lines(Path list) {
        try {
            return Files.exists(list) ? Files.readAllLines(list) : List.of();
        } catch (IOException e) {
            throw new GarrisonException(list + ": cannot be read: " + e, e);
        }
    }

    /** Nobody ever reads half a file. */
    private static void replace(Path file, byte[] content) {
        Path part = file.resolveSibling("." + file.getFileName() + ".part");
        try {
            Files.write(part, content);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be written: " + e, e);
        }
    }

    /** Why the plugin would not trust it; empty if it would. */
    Optional<String> problem(List<Anchor> anchors, Path list) {
        FileDigest digest = loader.digest(list == null ? FileDigest.Kind.VERITY : FileDigest.Kind.CONTENT);
        Optional<byte[]> kept = list == null ? loader.signature() : listed(list);
        if (kept.isEmpty()) {
            return Optional.of(list == null ? "is not signed (no user." + Loader.ATTRIBUTE + ")" : "is not in " + list);
        }
        if (kept.get().length > Loader.LONGEST_SIGNATURE) {
            return Optional.of("has a signature of " + kept.get().length + " bytes; at most " + Loader.LONGEST_SIGNATURE);
        }
        LoaderSignature signature = LoaderSignature.of(kept.get());
        try {
            new TrustSettings(anchors, true, Revocations.NONE).check("loader",
                    new SignedObject(named.getFileName().toString(), signature.signedBytes(digest),
                            Optional.of(signature.der())));
        } catch (UntrustedObjectException e) {
            return Optional.of(e.getMessage());
        }
        return list != null || isSealed() ? Optional.empty() : Optional.of("is not sealed with fs-verity; garrison trust install does that");
    }

    private Optional<byte[]> listed(Path list) {
        try {
            return lines(list).stream().filter(line -> line.endsWith(" " + path)).findFirst()
                    .map(line -> Base64.getDecoder().decode(line.substring(0, line.indexOf(' '))));
        } catch (IllegalArgumentException e) {
            throw new GarrisonException(list + ": the line of " + path + " does not begin with base64", e);
        }
    }

    void install(Path target, SigningKey key, Optional<Release> release) {
        install(target, LoaderSignature.make(key, digest(), release).encoded());
    }

    void install(Path target, Path signature) {
        try {
            install(target, Files.readAllBytes(signature));
        } catch (IOException e) {
            throw new GarrisonException(signature + ": the signature cannot be read: " + e, e);
        }
    }

    /** All is done on a copy beside the target. */
    private void install(Path target, byte[] signature) {
        Path part = target.resolveSibling("." + target.getFileName() + ".part");
        try {
            Files.copy(path, part, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            Loader copy = new Loader(part);
            copy.attach(signature);
            copy.seal();
            // What is sealed must be what was signed, even if the file changed meanwhile.
            if (!Arrays.equals(copy.sealed().orElseThrow().digest(), digest().digest())) {
                throw new GarrisonException(named + ": changed while it was copied; install it again");
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | GarrisonException e) {
            GarrisonException failure = e instanceof GarrisonException known ? known
                    : new GarrisonException(target + ": cannot be installed: " + e, e);
            try {
                Files.deleteIfExists(part);
            } catch (IOException alsoThat) {
                failure.addSuppressed(alsoThat);
            }
            throw failure;
        }
    }

    @Override
    public String toString() {
        return named.toString();
    }
}
