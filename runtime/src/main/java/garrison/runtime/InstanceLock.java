// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.runtime.control.ControlClient;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * One instance a control socket. The kernel gives the lock back however the process ends, so what {@code kill -9} leaves behind
 * (socket, lock file, cache) never stops the next start.
 */
public final class InstanceLock implements AutoCloseable {
    private final FileChannel channel;

    private InstanceLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Makes the socket's folder (mode 0700) if need be, and takes the lock beside the socket.
     *
     * @throws GarrisonException if another instance has it, or others could tamper with the folder
     */
    public static InstanceLock take(Path socket) {
        Path lock = socket.resolveSibling(socket.getFileName() + ".lock");
        try {
            privateFolder(socket.toAbsolutePath().getParent());
            // Somebody older than this lock, or without it, may listen there: a live socket is never replaced.
            if (ControlClient.answers(socket)) {
                throw alive(socket, lock);
            }
            FileChannel channel = FileChannel.open(lock, Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try {
                return taken(channel, socket, lock);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new GarrisonException(lock + " cannot be made: " + reason(e) + "; run as root, or set"
                    + " garrison.runtime.control-socket to a folder of this user", e);
        }
    }

    private static InstanceLock taken(FileChannel channel, Path socket, Path lock) throws IOException {
        FileLock held;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            held = null;
        }
        if (held == null) {
            throw alive(socket, lock);
        }
        if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                && !Files.readAttributes(socket, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
            throw new GarrisonException(socket + " is there and is no socket; remove it, or set"
                    + " garrison.runtime.control-socket to another path");
        }
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
        return new InstanceLock(channel);
    }

    private static void privateFolder(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            if (folder.getParent() != null) {
                Files.createDirectories(folder.getParent());
            }
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        PosixFileAttributes attributes = Files.readAttributes(folder, PosixFileAttributes.class);
        Set<PosixFilePermission> permissions = attributes.permissions();
        if (permissions.contains(PosixFilePermission.GROUP_WRITE) || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new GarrisonException("folder " + folder + " of the control socket can be written by others ("
                    + PosixFilePermissions.toString(permissions) + "); set garrison.runtime.control-socket to a path in"
                    + " a folder of mode 0700");
        }
    }

    private static GarrisonException alive(Path socket, Path lock) {
        String pid = "";
        try {
            pid = Files.readString(lock, StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            // The message is as true without the number.
            pid = "";
        }
        return new GarrisonException("another garrison is running" + (pid.isEmpty() ? "" : " (process " + pid + ")")
                + " with control socket " + socket + "; stop it first, or set garrison.runtime.control-socket to another path");
    }

    private static String reason(IOException e) {
        return e instanceof java.nio.file.AccessDeniedException ? "permission denied"
                : e instanceof java.nio.file.FileSystemException f && f.getReason() != null ? f.getReason() : e.toString();
    }

    /** Gives the lock back. The lock file stays: removing it would let a third instance lock a file that has no name. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
