// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import java.util.Locale;
import java.util.Map;

/** {@code garrison reload}. */
final class ReloadCommand {
    static final Command COMMAND = Command.named("reload", "Read the configuration file again and put it in force.")
            .description("Either all of it comes into force, or nothing changes and the exit code is 1. Prints the time from the"
                    + " command's arrival to the kernel deciding by the new policy.")
            .option(Instance.option())
            .does(ReloadCommand::run);

    private ReloadCommand() {}

    private static int run(Call call) {
        Map<?, ?> result = Instance.of(call).askForObject(Map.of("op", "reload"));
        double millis = result.get("enforcement") instanceof Number seconds ? seconds.doubleValue() * 1000 : 0;
        call.out().printf(Locale.ROOT, "%s is in force after %.1f ms%n", result.get("config"), millis);
        if (result.get("remark") instanceof String remark && !remark.isEmpty()) {
            call.out().println(remark);
        }
        return ExitCode.OK;
    }
}
