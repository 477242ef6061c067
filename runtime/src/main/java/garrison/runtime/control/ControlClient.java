// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.runtime.json.JsonSyntaxException;
import garrison.runtime.json.JsonText;
import garrison.spi.GarrisonException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A connection to a running instance's control socket. For use by one thread. */
public final class ControlClient implements AutoCloseable {
    private final SocketChannel socket;
    private final BufferedReader in;

    private ControlClient(SocketChannel socket) {
        this.socket = socket;
        this.in = new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
    }

    /**
     * Connects.
     *
     * @throws NotRunningException if nobody listens
     * @throws GarrisonException if this user may not connect
     */
    public static ControlClient connect(Path socket) {
        try {
            return new ControlClient(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
        } catch (ConnectException e) {
            throw new NotRunningException(socket);
        } catch (IOException e) {
            if (Files.notExists(socket)) {
                throw new NotRunningException(socket);
            }
            throw new GarrisonException("control socket " + socket + ": " + e.getMessage() + "; only the user who runs"
                    + " garrison (root, as a rule) may use it", e);
        }
    }

    /** Whether somebody listens there, as far as this user can see. */
    public static boolean answers(Path socket) {
        try (ControlClient client = connect(socket)) {
            return client.socket.isConnected();
        } catch (GarrisonException | IOException e) {
            return false;
        }
    }

    /**
     * Sends a request and waits for its response.
     *
     * @return the response's {@code result}
     * @throws RequestException if the instance finds the request wrong
     * @throws GarrisonException with the instance's words if it could not do it, or if it went away
     */
    public Object request(Map<String, ?> request) {
        try {
            ByteBuffer line = ByteBuffer.wrap((JsonText.write(request) + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                socket.write(line);
            }
        } catch (IOException e) {
            throw gone(e);
        }
        String response = next().orElseThrow(() -> gone(null));
        try {
            if (JsonText.read(response) instanceof Map<?, ?> object) {
                if (Boolean.TRUE.equals(object.get("ok"))) {
                    return object.get("result");
                }
                String error = String.valueOf(object.get("error"));
                throw "usage".equals(object.get("kind")) ? new RequestException(error) : new GarrisonException(error);
            }
            throw new GarrisonException("the control socket answered what is no response: " + response);
        } catch (JsonSyntaxException e) {
            throw new GarrisonException("the control socket answered what is no JSON: " + e.getMessage(), e);
        }
    }

    /** The next line the instance sends; empty when it has closed. */
    public Optional<String> next() {
        try {
            return Optional.ofNullable(in.readLine());
        } catch (IOException e) {
            throw gone(e);
        }
    }

    private static GarrisonException gone(IOException e) {
        return new GarrisonException("garrison went away in the middle of an answer" + (e == null ? "" : ": " + e.getMessage()), e);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
