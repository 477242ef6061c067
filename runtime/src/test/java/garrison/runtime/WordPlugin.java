// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.spi.Event;
import garrison.spi.EventBindings;
import garrison.spi.LoadedObject;
import garrison.spi.ObjectSetup;
import garrison.spi.Plugin;
import garrison.spi.PluginContext;
import garrison.spi.PluginSession;
import garrison.spi.PolicyChange;
import garrison.spi.ProgramSource;
import garrison.spi.Settings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** A plugin that any kernel loads: its object has no program that attaches. Its policy is one word, which it tells. */
public final class WordPlugin implements Plugin {
    static final String OBJECT = "bpf/test_ring.bpf.o";

    /** Registers the plugin. Leaves a thread behind, as badly written bundles do: it must not keep the program alive. */
    public static final class Activator implements BundleActivator {
        @Override
        public void start(BundleContext context) {
            context.registerService(Plugin.class, new WordPlugin(), null);
            Thread.ofPlatform().name("left-behind").start(() -> {
                while (true) {
                    java.util.concurrent.locks.LockSupport.park();
                }
            });
        }

        @Override
        public void stop(BundleContext context) {}
    }

    record WordInForce(String plugin, Instant time, String theWord) implements Event {
        @Override
        public String type() {
            return "word_in_force";
        }
    }

    @Override
    public String name() {
        return "word";
    }

    @Override
    public List<ProgramSource> objects() {
        return List.of(ProgramSource.resource(WordPlugin.class, OBJECT));
    }

    @Override
    public PluginSession open(PluginContext context) {
        word(context.settings());
        return new Session(context);
    }

    private static String word(Settings settings) {
        String word = settings.string("word");
        if (word.equals("forbidden")) {
            throw settings.error("word", "is 'forbidden'", "write another word");
        }
        settings.end();
        return word;
    }

    private static final class Session implements PluginSession {
        private final PluginContext context;
        private volatile String inForce = "";

        Session(PluginContext context) {
            this.context = context;
        }

        @Override
        public void configure(ObjectSetup object) {}

        @Override
        public void bind(EventBindings events) {}

        @Override
        public PolicyChange stage(Settings settings, LoadedObject object) {
            String word = word(settings);
            return new PolicyChange() {
                @Override
                public Set<String> programs() {
                    return Set.of();
                }

                @Override
                public void commit() {
                    inForce = word;
                    context.publish(new WordInForce("word", Instant.now(), word));
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Map<String, String> status() {
            return Map.of("word", inForce);
        }

        @Override
        public void close() {}
    }
}
