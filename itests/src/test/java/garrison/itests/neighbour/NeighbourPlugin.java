// SPDX-License-Identifier: Apache-2.0
package garrison.itests.neighbour;

import garrison.spi.EventBindings;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramInfo;
import garrison.spi.ProgramSource;
import garrison.spi.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Attaches all programs of one object, and tells what {@code itests/src/bpf/observer.bpf.c} reports. With another, broken
 * object it is the plugin that must hurt nobody but itself.
 *
 * @param name the plugin's
 * @param objects what to load
 */
public record NeighbourPlugin(String name, List<ProgramSource> objects) implements Plugin {
    private record Header(long timeNs, int type, int generation) {}

    private record UnlinkSeen(Header header, int pid) {}

    @Override
    public PluginSession open(PluginContext context) {
        context.settings().end();
        return new Session(name, context);
    }

    private record Session(String name, PluginContext context) implements PluginSession {
        @Override
        public void configure(ObjectSetup object) {
            object.programs().forEach(program -> object.load(program.name(), true));
        }

        @Override
        public void bind(EventBindings events) {
            events.on(1, "unlink_seen", UnlinkSeen.class,
                    seen -> context.publish(new UnlinkTold(name, context.time(seen.header().timeNs()), seen.pid())));
        }

        @Override
        public PolicyChange stage(Settings settings, LoadedObject object) {
            settings.end();
            return new AllPrograms(object.programs().stream().map(ProgramInfo::name).collect(Collectors.toSet()));
        }

        @Override
        public Map<String, String> status() {
            return Map.of();
        }

        @Override
        public void close() {
            // Nothing is held: the object and its links are the framework's.
        }
    }

    private record AllPrograms(Set<String> programs) implements PolicyChange {
        @Override
        public void commit() {
            // There is no policy; attaching the programs is all.
        }

        @Override
        public void close() {
            // Nothing was staged.
        }
    }
}
