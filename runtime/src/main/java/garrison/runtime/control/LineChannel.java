// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * Lines over a socket, with a limit on their length and on every wait. One thread uses it; another may {@link #close} it,
 * which ends any wait.
 */
final class LineChannel implements AutoCloseable {
    private static final int CHUNK = 8192;

    private final SocketChannel socket;
    private final Selector selector;
    private final SelectionKey key;
    private final int longestLine;
    private final ByteBuffer in = ByteBuffer.allocate(CHUNK).flip();
    private volatile boolean readNoMore;

    LineChannel(SocketChannel socket, int longestLine) throws IOException {
        this.socket = socket;
        this.longestLine = longestLine;
        socket.configureBlocking(false);
        selector = Selector.open();
        key = socket.register(selector, 0);
    }

    /** The peer sent a longer line than is allowed, or bytes that are no UTF-8. The connection cannot go on. */
    static final class BadLine extends IOException {
        private static final long serialVersionUID = 1L;

        BadLine(String problem) {
            super(problem);
        }
    }

    /**
     * Reads one line, without its line feed.
     *
     * @param longest longest silence between two pieces
     * @return empty when the peer has closed, or was silent too long, or this channel was closed
     */
    Optional<String> readLine(Duration longest) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            while (in.hasRemaining()) {
                byte b = in.get();
                if (b == '\n') {
                    return Optional.of(decode(line.toByteArray()));
                }
                if (line.size() == longestLine) {
                    throw new BadLine("a request line is longer than " + longestLine + " bytes");
                }
                line.write(b);
            }
            if (!fill(longest)) {
                return Optional.empty();
            }
        }
    }

    private boolean fill(Duration longest) throws IOException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (true) {
            in.clear();
            int n = socket.read(in);
            in.flip();
            if (n != 0) {
                return n > 0;
            }
            long left = deadline - System.nanoTime();
            if (readNoMore || left <= 0 || !await(SelectionKey.OP_READ, left)) {
                return false;
            }
        }
    }

    /** Ends a wait for a line, now and later; what is there can still be read. For other threads. */
    void readNoMore() {
        readNoMore = true;
        selector.wakeup();
    }

    /** Writes all bytes, however long the peer takes. */
    void write(byte[] bytes) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        while (out.hasRemaining()) {
            if (socket.write(out) == 0 && !await(SelectionKey.OP_WRITE, 0)) {
                throw new IOException("closed while writing");
            }
        }
    }

    /** Whether the peer has closed its side; bytes it sent without being asked are dropped. */
    boolean peerHasGone() throws IOException {
        in.clear();
        int n = socket.read(in);
        in.clear().flip();
        return n < 0;
    }

    /** @param nanos 0 waits without limit */
    private boolean await(int operation, long nanos) throws IOException {
        try {
            key.interestOps(operation);
            selector.selectedKeys().clear();
            selector.select(nanos == 0 ? 0 : Math.max(1, nanos / 1_000_000));
            return selector.isOpen() && socket.isOpen();
        } catch (ClosedSelectorException | java.nio.channels.CancelledKeyException e) {
            return false;
        }
    }

    private static String decode(byte[] line) throws BadLine {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
        } catch (CharacterCodingException e) {
            throw new BadLine("a request line is not UTF-8");
        }
    }

    @Override
    public void close() throws IOException {
        try (selector; socket) {
            key.cancel();
        }
    }
}
