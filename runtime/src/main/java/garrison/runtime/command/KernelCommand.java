// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.KernelFacts;
import garrison.runtime.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code garrison kernel}. */
@Command(name = "kernel", header = "Show what this kernel and this libbpf can do for Garrison.",
        description = "The kernel's release, its active security modules, whether BPF LSM programs can fire, libbpf's version, and"
            + " which hooks, kfuncs, types of programs and maps there are."
            + " Needs no running instance, but the same privileges and the same libbpf as one.")
final class KernelCommand implements Runnable {
    @Mixin
    private JsonOption json;

    @Option(names = "--all", description = "Name every hook, kfunc and type, not only count them.")
    private boolean all;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Logging.to(Logging.Level.WARN);
        Map<String, Object> facts = KernelFacts.here();
        json.print(spec.commandLine().getOut(), facts, () -> {
            List<String> lines = new ArrayList<>(StatusText.kernel(JsonObject.of(facts)));
            lines.addAll(FeatureText.of(JsonObject.of(facts).objects("features"), all));
            return lines;
        });
    }
}
