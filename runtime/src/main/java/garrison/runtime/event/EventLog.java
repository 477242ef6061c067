// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import garrison.runtime.config.RuntimeSettings.EventLogSettings;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends event lines to a file (mode 0600) and turns it over by size. A full or broken disk loses events, which are counted
 * and told in the file once it can be written again; it never stops the program.
 */
public final class EventLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration RETRY_WHILE_CLOSING = Duration.ofMillis(100);
    private static final Duration CLOSE = Duration.ofSeconds(3);
    /** A link in place of the file is refused: the program may be root and the folder someone else's. */
    private static final Set<OpenOption> APPEND = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
            StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    private final EventLogSettings settings;
    private final EventStream stream;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread writer;
    private FileChannel channel;
    private boolean broken;

    /**
     * Opens the file and starts writing.
     *
     * @throws GarrisonException if the file cannot be opened now
     */
    public EventLog(EventLogSettings settings, EventHub hub, int capacity) {
        this.settings = settings;
        try {
            channel = open();
        } catch (IOException e) {
            throw new GarrisonException("event log " + settings.file() + " cannot be opened: " + words(e)
                    + "; correct event-log in garrison.runtime", e);
        }
        stream = hub.open(EventFilter.ALL, "event-log", capacity);
        writer = Thread.ofPlatform().name("garrison-event-log").daemon().start(this::write);
    }

    private void write() {
        try {
            while (!stream.finished()) {
                Optional<byte[]> line = stream.next(Duration.ofMinutes(1));
                if (line.isPresent()) {
                    append(line.get());
                }
            }
        } catch (InterruptedException e) {
            LOG.warn("event log {} was closed while it could not be written: the last events are not in it", settings.file());
        } finally {
            closeChannel();
        }
    }

    /**
     * Writes one line, however often that has to be tried. Meanwhile the stream's bounded queue counts what finds it full, so the
     * count stays exact and is told in its place; a line that tells a loss is not lost itself.
     */
    private void append(byte[] line) throws InterruptedException {
        while (!tryAppend(line)) {
            if (closing.await(RETRY.toMillis(), TimeUnit.MILLISECONDS)) {
                Thread.sleep(RETRY_WHILE_CLOSING);
            }
        }
    }

    private boolean tryAppend(byte[] line) {
        try {
            if (channel == null) {
                channel = open();
            }
            if (channel.position() > 0 && channel.position() + line.length > settings.maxBytes()) {
                turnOver();
            }
            ByteBuffer bytes = ByteBuffer.wrap(line);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (broken) {
                broken = false;
                LOG.info("event log {} can be written again", settings.file());
            }
            return true;
        } catch (IOException e) {
            closeChannel();
            if (!broken) {
                broken = true;
                LOG.error("event log {} cannot be written; events wait, and those beyond the queue are lost: {}",
                        settings.file(), words(e));
            }
            return false;
        }
    }

    private FileChannel open() throws IOException {
        FileChannel opened = FileChannel.open(settings.file(), APPEND,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            long size = opened.size();
            opened.position(size);
            ByteBuffer last = ByteBuffer.allocate(1);
            if (size > 0 && opened.read(last, size - 1) == 1 && last.get(0) != '\n') {
                // A line torn by a crash or a full disk must not swallow the next one.
                opened.write(ByteBuffer.wrap(new byte[] {'\n'}));
            }
            return opened;
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    private void turnOver() throws IOException {
        closeChannel();
        if (settings.keep() == 0) {
            Files.deleteIfExists(settings.file());
        } else {
            for (int i = settings.keep(); i > 0; i--) {
                Path from = i == 1 ? settings.file() : numbered(i - 1);
                if (Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        channel = open();
    }

    private Path numbered(int number) {
        return settings.file().resolveSibling(settings.file().getFileName() + "." + number);
    }

    private void closeChannel() {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                LOG.warn("event log {}: {}", settings.file(), words(e));
            }
            channel = null;
        }
    }

    private static String words(IOException e) {
        return e instanceof java.nio.file.FileSystemException f && f.getReason() != null ? f.getReason()
                : e instanceof java.nio.file.NoSuchFileException ? "its folder does not exist"
                : e instanceof java.nio.file.AccessDeniedException ? "permission denied" : e.toString();
    }

    /** Writes what waits, for at most a few seconds. */
    @Override
    public void close() {
        stream.close();
        closing.countDown();
        try {
            if (!writer.join(CLOSE)) {
                writer.interrupt();
            }
        } catch (InterruptedException e) {
            writer.interrupt();
            Thread.currentThread().interrupt();
        }
    }
}
