// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.ProgramSource;
import java.util.List;

/**
 * Sees kernel exploits by what they must do: call the functions that hand out privileges, from a stack or a place where nobody calls
 * them; write credentials in place; silence those who watch. See the plugin's README for sensors, actions and limits.
 *
 * <p>Minimum kernel 6.1, x86-64.
 */
public final class CfiMonitor implements Plugin {
    static final String NAME = "cfi-monitor";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(CfiMonitor.class, "bpf/cfi_monitor.bpf.o"));
    }

    @Override
    public PluginSession open(PluginContext context) {
        Policy.read(context.settings());
        return new CfiSession(context);
    }
}
