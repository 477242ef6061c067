// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.ExitCode;
import garrison.runtime.KernelFacts;
import garrison.runtime.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code garrison kernel}. */
final class KernelCommand {
    static final Command COMMAND = Command.named("kernel", "Show what this kernel and this libbpf can do for Garrison.")
            .description("The kernel's release, its active security modules, whether BPF LSM programs can fire, libbpf's version, and"
                    + " which hooks, kfuncs, types of programs and maps there are."
                    + " Needs no running instance, but the same privileges and the same libbpf as one.")
            .option(JsonOption.option())
            .option("all", "Name every hook, kfunc and type, not only count them.")
            .does(KernelCommand::run);

    private KernelCommand() {}

    private static int run(Call call) {
        Logging.brief(Logging.Level.WARN);
        Map<String, Object> facts = KernelFacts.here();
        JsonOption.print(call, facts, () -> {
            List<String> lines = new ArrayList<>(StatusText.kernel(JsonObject.of(facts)));
            lines.addAll(FeatureText.of(JsonObject.of(facts).objects("features"), call.has("all")));
            return lines;
        });
        return ExitCode.OK;
    }
}
