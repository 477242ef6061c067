// SPDX-License-Identifier: Apache-2.0
package garrison.framework.trust;

import garrison.framework.libbpf.AttributeCalls;
import garrison.framework.libbpf.Libc;
import garrison.framework.libbpf.VerityCalls;
import garrison.spi.GarrisonException;
import garrison.spi.KernelVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;

/**
 * A program that may be trusted to use BPF: a file with a signature of its digest beside its content. Where the kernel reads
 * {@value #GUARDED}, which only a privileged process can change, that one counts; elsewhere, and where there is none, the user's.
 */
public final class Loader {
    /** The extended attribute {@code user.garrison.signature}, which programs in the kernel read from 6.8 on. */
    public static final String ATTRIBUTE = "garrison.signature";
    /** The extended attribute that programs in the kernel read from 6.15 on. */
    public static final String GUARDED = "security.bpf.garrison.signature";
    /** The first kernel that reads {@link #GUARDED}. */
    public static final KernelVersion GUARDED_SINCE = new KernelVersion(6, 15, 0);
    /** TRUSTED_BPF_SIGNATURE_MAX of trusted_bpf.h. */
    public static final int LONGEST_SIGNATURE = 1023;

    private final Path file;

    /** @param file the program; symbolic links are followed */
    public Loader(Path file) {
        this.file = file;
    }

    /** Its digest, computed from the content. */
    public FileDigest digest(FileDigest.Kind kind) {
        try {
            return FileDigest.of(kind, file);
        } catch (NoSuchFileException e) {
            throw new GarrisonException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new GarrisonException(file + ": cannot be read: " + e, e);
        }
    }

    /** Whether the running kernel reads {@link #GUARDED}. */
    public static boolean readsGuarded() {
        return KernelVersion.parse(System.getProperty("os.version")).compareTo(GUARDED_SINCE) >= 0;
    }

    /** The signature that lies with it, and counts here. */
    public Optional<byte[]> signature() {
        Optional<byte[]> guarded = readsGuarded() ? AttributeCalls.get(file.toString(), GUARDED) : Optional.empty();
        if (guarded.isPresent()) {
            return guarded;
        }
        try {
            UserDefinedFileAttributeView attributes = attributes();
            if (!attributes.list().contains(ATTRIBUTE)) {
                return Optional.empty();
            }
            ByteBuffer bytes = ByteBuffer.allocate(attributes.size(ATTRIBUTE));
            attributes.read(ATTRIBUTE, bytes);
            return Optional.of(bytes.array());
        } catch (NoSuchFileException e) {
            throw new GarrisonException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new GarrisonException(file + ": its attributes cannot be read: " + e, e);
        }
    }

    /**
     * Puts a signature beside its content, in the place of one that was there: the user's, and that which is guarded where this process
     * may, so that either counts on whatever kernel is booted next.
     *
     * @return whether it is guarded now, too
     * @throws GarrisonException where the file system takes no user attributes, or another signature is guarded
     */
    public boolean attach(byte[] signature) {
        try {
            attributes().write(ATTRIBUTE, ByteBuffer.wrap(signature));
            return guard(signature);
        } catch (IOException e) {
            throw new GarrisonException(file + ": the signature cannot be put beside it: " + e
                    + "; use a file system with user attributes, such as ext4 or btrfs", e);
        }
    }

    private boolean guard(byte[] signature) {
        if (!readsGuarded()) {
            return false;
        }
        int result = AttributeCalls.set(file.toString(), GUARDED, signature);
        if (result < 0 && AttributeCalls.get(file.toString(), GUARDED).isPresent()) {
            throw new GarrisonException(file + ": another signature is in " + GUARDED + " and counts: " + Libc.strerror(-result)
                    + "; sign it as root");
        }
        return result >= 0;
    }

    private UserDefinedFileAttributeView attributes() {
        return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    }

    /** The digest that fs-verity keeps; empty if the file is not sealed. */
    public Optional<FileDigest> sealed() {
        return withFile(fd -> VerityCalls.measure(fd).map(digest -> new FileDigest(FileDigest.Kind.VERITY, digest)));
    }

    /**
     * Has fs-verity seal it: from then on nobody can write it, and every page is checked when it is read.
     *
     * @throws GarrisonException where the file system knows no fs-verity, or somebody has the file open for writing
     * @since kernel 5.4
     */
    public void seal() {
        int result = withFile(VerityCalls::enable);
        if (result < 0 && result != -EEXIST) {
            throw new GarrisonException(file + ": cannot be sealed with fs-verity: " + Libc.strerror(-result) + remedy(-result));
        }
    }

    private static final int EEXIST = 17;
    private static final int ENOTTY = 25;
    private static final int ETXTBSY = 26;

    private static String remedy(int errno) {
        return switch (errno) {
            case ENOTTY, Libc.ENOTSUP -> "; its file system has no fs-verity: use ext4 (tune2fs -O verity), btrfs or f2fs";
            case ETXTBSY -> "; somebody has it open for writing";
            default -> "";
        };
    }

    private interface Use<T> {
        T with(int fd);
    }

    private <T> T withFile(Use<T> use) {
        int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (fd < 0) {
            throw new GarrisonException(file + ": cannot be opened: " + Libc.strerror(-fd));
        }
        try {
            return use.with(fd);
        } finally {
            Libc.close(fd);
        }
    }
}
