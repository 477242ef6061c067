// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.spi.GarrisonException;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An object with the signature that lies beside it, its name with {@value #SUFFIX} behind.
 *
 * @param name the object's name, for errors
 * @param bytes the whole object; not copied
 * @param signature the signature's file, if there is one
 * @param skeleton the file with the signature of its light skeleton, if there is one
 */
public record SignedObject(String name, byte[] bytes, Optional<byte[]> signature, Optional<byte[]> skeleton) {
    /** After the object's name. */
    public static final String SUFFIX = ".p7s";
    /** After the object's name: the signature of its light skeleton's instructions, for the kernel. */
    public static final String SKELETON_SUFFIX = ".lskel.p7s";

    /** A good one has some 600 bytes with the largest keys. */
    private static final int LARGEST_SIGNATURE = 1 << 14;

    /** Without a light skeleton's signature. */
    public SignedObject(String name, byte[] bytes, Optional<byte[]> signature) {
        this(name, bytes, signature, Optional.empty());
    }

    /** Its light skeleton, to be checked as it is itself. @param code the loader program's instructions, made from the object */
    public SignedObject asSkeleton(byte[] code) {
        return new SignedObject(name + " as a light skeleton", code, skeleton);
    }

    /**
     * Reads them. A signature that cannot be read counts as none, for whoever can bring that about could as well remove it; of
     * one beyond 16 KiB only the beginning is read, which is none either.
     *
     * @throws garrison.spi.ObjectFormatException if the object cannot be read
     */
    public static SignedObject read(ProgramSource source) {
        return new SignedObject(source.name(), source.read(), beside(source.url(), SUFFIX), beside(source.url(), SKELETON_SUFFIX));
    }

    /**
     * The same of a file that need be no BPF object.
     *
     * @param most bytes that it may have
     * @throws GarrisonException if it cannot be read, or has more
     */
    public static SignedObject read(Path file, int most) {
        try {
            Path path = file.toRealPath();
            byte[] bytes;
            try (InputStream in = Files.newInputStream(path)) {
                bytes = in.readNBytes(most + 1);
            }
            if (bytes.length > most) {
                throw new GarrisonException(file + ": has more than " + most + " bytes; such a file is not read");
            }
            return new SignedObject(path.toString(), bytes, beside(path.toUri().toURL(), SUFFIX));
        } catch (NoSuchFileException e) {
            throw new GarrisonException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Whom a signature names as its signer, mostly by the key's identifier, whether it is good or not; empty for what is no signature. */
    public static Optional<String> keyId(byte[] signature) {
        try {
            return Optional.of(CmsForm.parse(signature).signer());
        } catch (RefusedException e) {
            return Optional.empty();
        }
    }

    private static Optional<byte[]> beside(URL object, String suffix) {
        try (InputStream in = sibling(object, suffix).openStream()) {
            return Optional.of(in.readNBytes(LARGEST_SIGNATURE));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** With the same handler: a bundle's URL is known to its own OSGi framework only. */
    @SuppressWarnings("deprecation") // the only constructor that keeps the handler of another URL
    private static URL sibling(URL object, String suffix) throws MalformedURLException {
        return new URL(object, object.getFile().substring(object.getFile().lastIndexOf('/') + 1) + suffix);
    }
}
