// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.control.ControlClient;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.cli.Option;

/** The running instance that a command asks. */
record Instance(Path socket) {
    private static final String STANDARD = "/run/garrison/control.sock";

    static Option option() {
        return Command.valued("socket", "PATH", "Control socket of the running instance (default: $GARRISON_SOCKET, else " + STANDARD + ").");
    }

    static Instance of(Call call) {
        return new Instance(call.file("socket", Optional.ofNullable(System.getenv("GARRISON_SOCKET")).orElse(STANDARD)));
    }

    ControlClient connect() {
        return ControlClient.connect(socket);
    }

    /** One request and its result. */
    Object ask(Map<String, ?> request) {
        try (ControlClient client = connect()) {
            return client.request(request);
        } catch (IOException e) {
            throw new GarrisonException("control socket " + socket + ": " + e.getMessage(), e);
        }
    }

    /** One request whose result is an object. */
    Map<?, ?> askForObject(Map<String, ?> request) {
        if (ask(request) instanceof Map<?, ?> object) {
            return object;
        }
        throw new GarrisonException("the instance on " + socket + " does not speak this program's protocol; is it of another version?");
    }
}
