// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.ProgramSource;
import garrison.spi.WhenOrphaned;
import java.util.List;

/**
 * Lets only trusted processes use BPF: those whose program carries a signature that the kernel finds good when it is run, and the
 * one that runs this plugin. Others are refused, or reported. See the plugin's README for signing, events and limits.
 *
 * <p>Minimum kernel 6.1, where loaders are listed; from 6.8 on their signatures lie with their files, under fs-verity. Needs
 * {@code bpf} among the active security modules.
 */
public final class TrustedBpf implements Plugin {
    static final String NAME = "trusted-bpf";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(TrustedBpf.class, "bpf/trusted_bpf.bpf.o"),
                ProgramSource.resource(TrustedBpf.class, "bpf/trusted_bpf_listed.bpf.o"));
    }

    /** The gate stays as it is: whoever could open it by killing Garrison would. The next Garrison is known by what it is. */
    @Override
    public WhenOrphaned whenOrphaned() {
        return WhenOrphaned.CONTINUE;
    }

    @Override
    public PluginSession open(PluginContext context) {
        Policy.read(context.settings());
        return new TrustedBpfSession(context);
    }
}
