// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

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
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLongArray;

/** A plugin around bpf/test_hooks.bpf.c; its setting {@code programs} says what to attach. */
final class HookPlugin implements Plugin {
    static final int OPEN = 1;
    static final int MKDIR = 2;
    static final int UNLINK = 3;

    private final String name;

    /** Events heard of each type, all runs together. */
    final AtomicLongArray heard = new AtomicLongArray(4);

    /** What the handler does with each event besides. */
    volatile Runnable extra = () -> { };

    HookPlugin() {
        this("hooks");
    }

    HookPlugin(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<ProgramSource> objects() {
        try {
            return List.of(new ProgramSource("test_hooks.bpf.o", Path.of("bpf/target/objects/test_hooks.bpf.o").toUri().toURL()));
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public PluginSession open(PluginContext context) {
        return new PluginSession() {
            @Override
            public void configure(ObjectSetup object) {
                object.constant("test_pid", Objects.SELF);
                object.maxEntries("garrison_events", 1 << 16);
            }

            @Override
            public void bind(EventBindings events) {
                for (int type = OPEN; type <= UNLINK; type++) {
                    int index = type;
                    events.raw(type, "hook_event", fields -> record -> {
                        heard.incrementAndGet(index);
                        extra.run();
                    });
                }
            }

            @Override
            public PolicyChange stage(Settings settings, LoadedObject object) {
                Set<String> programs = Set.copyOf(settings.strings("programs"));
                settings.end();
                return new PolicyChange() {
                    @Override
                    public Set<String> programs() {
                        return programs;
                    }

                    @Override
                    public void commit() {
                        // What is attached is all of this policy.
                    }

                    @Override
                    public void close() {
                        // Nothing was made for it.
                    }
                };
            }

            @Override
            public Map<String, String> status() {
                return Map.of();
            }

            @Override
            public void close() {
                // Holds nothing.
            }
        };
    }
}
