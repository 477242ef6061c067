// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import garrison.spi.EventBindings;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramSource;
import garrison.spi.Settings;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A plugin around bpf/test_gap.bpf.c: nobody makes a directory in one certain directory. Its object is new to each instance.
 *
 * @param ledger hears of each attempt
 * @param directory the directory's inode
 * @param granted a process that may, or 0
 */
public record GapPlugin(Ledger ledger, long directory, int granted) implements Plugin {
    /** Where the object lies, in the repository and, by its last part, in a bundle. */
    static final Path OBJECT = Path.of("bpf/target/objects/test_gap.bpf.o");
    /** Records that wait for no reader must not be lost: 16 MiB are half a million. */
    private static final int RING = 1 << 24;

    @Override
    public String name() {
        return "gap";
    }

    @Override
    public List<ProgramSource> objects() {
        URL bundled = GapPlugin.class.getClassLoader().getResource(OBJECT.getFileName().toString());
        try {
            return List.of(new ProgramSource("test_gap.bpf.o", bundled != null ? bundled : OBJECT.toUri().toURL()));
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public PluginSession open(PluginContext context) {
        return new Session(this);
    }

    private record Session(GapPlugin plugin) implements PluginSession {
        @Override
        public void configure(ObjectSetup object) {
            object.constant("gap_directory", plugin.directory);
            object.constant("gap_granted", plugin.granted);
            object.maxEntries("garrison_events", RING);
            object.keep("gap_asked");
        }

        @Override
        public void bind(EventBindings events) {
            events.raw(1, "gap_event", fields -> {
                var number = fields.apply("number");
                return record -> plugin.ledger.tell((int) record.get(number));
            });
            events.raw(2, "gap_event", fields -> record -> plugin.ledger.tell(0));
        }

        @Override
        public PolicyChange stage(Settings settings, LoadedObject object) {
            Set<String> programs = Set.copyOf(settings.strings("programs"));
            settings.end();
            return new Attached(programs);
        }

        @Override
        public Map<String, String> status() {
            return Map.of();
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }

    private record Attached(Set<String> programs) implements PolicyChange {
        @Override
        public void commit() {
            // What is attached is all of this policy.
        }

        @Override
        public void close() {
            // Nothing was made for it.
        }
    }
}
