// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.framework.Garrison;
import garrison.framework.osgi.KernelFit;
import garrison.runtime.ExitCode;
import garrison.runtime.config.Installation;
import garrison.runtime.control.NotRunningException;
import garrison.runtime.json.JsonObject;
import garrison.runtime.osgi.BundleCatalog;
import garrison.runtime.osgi.BundleFile;
import garrison.spi.GarrisonException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code garrison why PLUGIN|BUNDLE|JAR}. */
final class WhyCommand {
    static final Command COMMAND = Command.named("why", "Say what keeps a plugin's bundle from running on this kernel, and on which it would.")
            .description("Compares what the bundle requires with what this kernel has. If an instance runs, what it says of the plugin"
                    + " and the bundle comes first; none need run. Needs the same privileges and the same libbpf as an instance. The exit"
                    + " code is 1 when the bundle cannot run here.")
            .option(Instance.option())
            .option(JsonOption.option())
            .parameter("NAME", "A bundle's or plugin's name, or the path of a jar.")
            .does(call -> new WhyCommand(call).run());

    private final Call call;
    private final String name;

    private WhyCommand(Call call) {
        this.call = call;
        this.name = call.words().getFirst();
    }

    private int run() {
        Logging.brief(Logging.Level.WARN);
        Optional<JsonObject> instance = name.contains("/") ? Optional.empty() : instance();
        Path jar = jar(instance);
        try (Garrison garrison = Garrison.builder().start()) {
            KernelFit fit = KernelFit.of(jar, garrison::feature);
            String release = garrison.kernel().release();
            JsonOption.print(call, WhyText.facts(fit, jar, release), () -> WhyText.of(fit, jar, release, told(instance)));
            return fit.unmet().isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
        }
    }

    private Optional<JsonObject> instance() {
        try {
            return Optional.of(new JsonObject(Instance.of(call).askForObject(Map.of("op", "status"))));
        } catch (NotRunningException e) {
            return Optional.empty();
        }
    }

    /** The jar of a running instance's bundle, else the one in the folder of the distribution. */
    private Path jar(Optional<JsonObject> instance) {
        for (JsonObject bundle : instance.map(i -> i.objects("bundles")).orElse(List.of())) {
            if (bundle.text("name").equals(name) || bundle.text("symbolic_name").equals(name)) {
                return Path.of(bundle.text("jar"));
            }
        }
        BundleFile file = new BundleCatalog(name.contains("/") ? Path.of("").toAbsolutePath() : Installation.current().bundles())
                .find(List.of(name)).getFirst();
        if (!Files.isRegularFile(file.jar())) {
            throw new GarrisonException("there is no bundle " + name + ": no file " + file.jar()
                    + "; give the path of its jar, with a slash in it");
        }
        return file.jar();
    }

    /** What a running instance says. */
    private List<String> told(Optional<JsonObject> instance) {
        if (instance.isEmpty()) {
            return List.of();
        }
        List<String> told = new ArrayList<>();
        for (String kind : List.of("bundle", "plugin")) {
            instance.get().objects(kind + "s").stream().filter(one -> one.text("name").equals(name))
                    .forEach(one -> told.add(kind + " " + name + " is " + one.text("state")
                            + (one.text("reason").isEmpty() ? "" : ": " + one.text("reason"))));
        }
        return told;
    }
}
