// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens on the control socket; one thread a client. */
public final class ControlServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
    private static final Duration GOODBYE = Duration.ofSeconds(1);
    private static final Duration PAUSE_AFTER_ERROR = Duration.ofMillis(200);

    private final Path path;
    private final Operations operations;
    private final Limits limits;
    private final ServerSocketChannel listener;
    private final Map<Thread, ControlConnection> clients = new ConcurrentHashMap<>();
    private final Thread acceptor;
    private volatile boolean closing;

    /**
     * Listens. Whoever calls this holds the {@link garrison.runtime.InstanceLock}: a socket that is there is a dead one's.
     *
     * @param path of the socket; its folder exists and is this user's alone
     * @throws GarrisonException if nothing can listen there
     */
    public ControlServer(Path path, Operations operations, Limits limits) {
        this.path = path;
        this.operations = operations;
        this.limits = limits;
        this.listener = listen(path);
        this.acceptor = Thread.ofPlatform().name("garrison-control").daemon().start(this::accept);
    }

    private static ServerSocketChannel listen(Path path) {
        try {
            Files.deleteIfExists(path);
            ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                listener.bind(UnixDomainSocketAddress.of(path));
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
                return listener;
            } catch (IOException e) {
                listener.close();
                throw e;
            }
        } catch (IOException e) {
            throw new GarrisonException("control socket " + path + " cannot be made: " + e.getMessage()
                    + "; correct control-socket in garrison.runtime", e);
        }
    }

    private void accept() {
        for (long number = 1; !closing; number++) {
            try {
                welcome(listener.accept(), number);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // Out of file descriptors, for example: it passes, and this thread must still be there then.
                LOG.warn("control socket: {}", e.toString());
                pause();
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(PAUSE_AFTER_ERROR);
        } catch (InterruptedException e) {
            closing = true;
        }
    }

    private void welcome(SocketChannel socket, long number) throws IOException {
        LineChannel lines;
        try {
            lines = new LineChannel(socket, limits.lineBytes());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        ControlConnection client = new ControlConnection(lines, operations, limits, "client-" + number);
        if (clients.size() >= limits.clients()) {
            client.refuse("there are already " + limits.clients() + " control clients; close one, or raise max-clients");
            return;
        }
        Thread thread = Thread.ofPlatform().name("garrison-control-" + number).daemon().unstarted(() -> serve(client));
        clients.put(thread, client);
        thread.start();
        if (closing) {
            client.close();
        }
    }

    private void serve(ControlConnection client) {
        try {
            client.serve();
        } catch (InterruptedIOException | InterruptedException e) {
            LOG.debug("{} interrupted", client);
        } catch (IOException e) {
            LOG.debug("{} went away: {}", client, e.toString());
        } finally {
            client.close();
            clients.remove(Thread.currentThread());
        }
    }

    /** Stops listening, gives streaming clients a second to take what waits for them, closes all and removes the socket. */
    @Override
    public void close() {
        closing = true;
        try (listener) {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("control socket {} could not be removed: {}", path, e.toString());
        }
        clients.values().forEach(ControlConnection::lastRequest);
        try {
            long deadline = System.nanoTime() + GOODBYE.toNanos();
            acceptor.join(GOODBYE);
            for (Thread client : clients.keySet()) {
                client.join(Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        clients.values().forEach(ControlConnection::close);
    }
}
