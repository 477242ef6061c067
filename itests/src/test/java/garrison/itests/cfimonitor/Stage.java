// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.itests.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * What several test classes share, since a start is dear: first every attack as it is without the plugin; then one monitor in ENFORCE;
 * then the attack module once more, for modules that are there at the start are trusted.
 */
final class Stage implements AutoCloseable {
    static final Path FTRACE = Path.of("/proc/sys/kernel/ftrace_enabled");
    static final Path KPROBES = Path.of("/sys/kernel/debug/kprobes/enabled");

    final Map<Exploit.Act, Exploit.Outcome> exploitsWithout = new EnumMap<>(Exploit.Act.class);
    final Map<Exploit.Service, Exploit.Outcome> servicesWithout = new EnumMap<>(Exploit.Service.class);
    final EmbeddedMonitor monitor;
    final Exploit exploit;

    private Stage() {
        try (Exploit before = new Exploit()) {
            for (Exploit.Act act : Exploit.Act.values()) {
                exploitsWithout.put(act, before.run(act));
            }
            for (Exploit.Service service : Exploit.Service.values()) {
                servicesWithout.put(service, before.run(service));
            }
            turn(FTRACE, before::turnOff);
        }
        for (Path file : new Path[] {FTRACE, KPROBES}) {
            turn(file, () -> Command.run("sh", "-c", "echo 0 >" + file).success());
        }
        monitor = new EmbeddedMonitor("mode = ENFORCE");
        exploit = new Exploit();
        awaitLaterSensors();
    }

    /** Those that attacks are told by. */
    void awaitLaterSensors() {
        monitor.awaitLaterSensors("commit_creds", "prepare_kernel_cred", "set_memory_rw");
    }

    private static void turn(Path file, Runnable off) {
        try {
            off.run();
            assertEquals("0", Files.readString(file).strip(), file + " is off without the plugin");
            Files.writeString(file, "1");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        monitor.close();
        exploit.close();
    }

    /** Gives it to whoever asks in a constructor, the same to all, until one ends it. */
    static final class Shared implements ParameterResolver {
        private static final ExtensionContext.Namespace NAMES = ExtensionContext.Namespace.create(Stage.class);

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Stage.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot().getStore(NAMES).computeIfAbsent(Stage.class, _ -> new Stage(), Stage.class);
        }
    }

    /** Ends it before a class that starts monitors of its own. */
    static final class Ended implements org.junit.jupiter.api.extension.BeforeAllCallback {
        @Override
        public void beforeAll(ExtensionContext context) {
            Stage stage = context.getRoot().getStore(Shared.NAMES).remove(Stage.class, Stage.class);
            if (stage != null) {
                stage.close();
            }
        }
    }
}
