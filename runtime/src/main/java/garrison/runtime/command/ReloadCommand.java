// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code garrison reload}. */
@Command(name = "reload", header = "Read the configuration file again and put it in force.",
        description = "Either all of it comes into force, or nothing changes and the exit code is 1. Prints the time from the"
            + " command's arrival to the kernel deciding by the new policy.")
final class ReloadCommand implements Runnable {
    @Mixin
    private SocketOption socket;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Map<?, ?> result = socket.askForObject(Map.of("op", "reload"));
        PrintWriter out = spec.commandLine().getOut();
        double millis = result.get("enforcement") instanceof Number seconds ? seconds.doubleValue() * 1000 : 0;
        out.printf(Locale.ROOT, "%s is in force after %.1f ms%n", result.get("config"), millis);
        if (result.get("remark") instanceof String remark && !remark.isEmpty()) {
            out.println(remark);
        }
    }
}
