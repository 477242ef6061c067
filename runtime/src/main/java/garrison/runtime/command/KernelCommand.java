// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.KernelFacts;
import garrison.runtime.json.JsonObject;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code garrison kernel}. */
@Command(name = "kernel", header = "Show what this kernel and this libbpf can do for Garrison.",
        description = "The kernel's release, its active security modules, whether BPF LSM programs can fire, and libbpf's version."
            + " Needs no running instance, but the same privileges and the same libbpf as one.")
final class KernelCommand implements Runnable {
    @Mixin
    private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Logging.to(Logging.Level.WARN);
        Map<String, Object> facts = KernelFacts.here();
        json.print(spec.commandLine().getOut(), facts, () -> StatusText.kernel(JsonObject.of(facts)));
    }
}
