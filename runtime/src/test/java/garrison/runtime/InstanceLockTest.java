// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceLockTest {
    @TempDir
    Path folder;

    @Test
    void folder_thatIsNotThere_isMadePrivate() throws IOException {
        Path socket = folder.resolve("a/b/control.sock");
        try (InstanceLock _ = InstanceLock.take(socket)) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("a/b/control.sock.lock"))));
        }
    }

    @Test
    void secondInstance_isRefusedByProcessNumber() throws IOException {
        Path socket = folder.resolve("control.sock");
        try (InstanceLock _ = InstanceLock.take(socket)) {
            String message = assertThrows(GarrisonException.class, () -> InstanceLock.take(socket)).getMessage();
            assertTrue(message.contains("another garrison is running (process " + ProcessHandle.current().pid() + ")"), message);
        }
    }

    @Test
    void lock_givenBack_canBeTakenAgain() throws IOException {
        Path socket = folder.resolve("control.sock");
        InstanceLock.take(socket).close();
        InstanceLock.take(socket).close();
    }

    @Test
    void socket_thatSomebodyAnswers_isNeverReplaced() throws IOException {
        Path socket = folder.resolve("control.sock");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            String message = assertThrows(GarrisonException.class, () -> InstanceLock.take(socket)).getMessage();
            assertTrue(message.contains("another garrison is running"), message);
        }
    }

    @Test
    void socket_thatADeadInstanceLeft_isNoHindrance() throws IOException {
        Path socket = folder.resolve("control.sock");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertTrue(Files.exists(socket), "Java leaves the socket's file, as a kill does");
        Files.writeString(folder.resolve("control.sock.lock"), "1\n");
        InstanceLock.take(socket).close();
    }

    @Test
    void socketsPlace_takenByAFile_isRefusedAndTheFileKept() throws IOException {
        Path file = Files.writeString(folder.resolve("control.sock"), "precious");
        String message = assertThrows(GarrisonException.class, () -> InstanceLock.take(file)).getMessage();
        assertTrue(message.contains("is no socket"), message);
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void folder_thatOthersCanWrite_isRefused() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        String message = assertThrows(GarrisonException.class, () -> InstanceLock.take(open.resolve("control.sock"))).getMessage();
        assertTrue(message.contains("can be written by others"), message);
    }
}
