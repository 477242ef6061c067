// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyTool;
import garrison.spi.ProgramSource;
import java.util.List;
import java.util.Optional;

/**
 * Mandatory access control and audit of files: refuses, or reports, what is done to the files and directory trees that its
 * rules name, whoever does it and by whatever name. See the plugin's README for rules, events and limits.
 *
 * <p>Minimum kernel 6.1. Without {@code bpf} among the active security modules it works through {@code fmod_ret/security_*}.
 */
public final class FileGuard implements Plugin {
    static final String NAME = "file-guard";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(FileGuard.class, "bpf/file_guard.bpf.o"));
    }

    @Override
    public Optional<PolicyTool> policyTool() {
        return Optional.of(new GuardTool());
    }

    @Override
    public PluginSession open(PluginContext context) {
        Policy.read(context.settings());
        return new FileGuardSession(context);
    }
}
