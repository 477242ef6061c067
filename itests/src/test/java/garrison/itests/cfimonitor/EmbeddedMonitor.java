// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.cfimonitor.CfiEvent;
import garrison.cfimonitor.CfiMonitor;
import garrison.framework.Garrison;
import garrison.itests.Guest;
import garrison.spi.PluginState;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.Assertions;

/** A Garrison with cfi-monitor in this JVM, and what it told. */
public final class EmbeddedMonitor implements AutoCloseable {
    private final List<CfiEvent> events = new CopyOnWriteArrayList<>();
    private final Garrison garrison;

    /** @param keys of the plugin, as HOCON */
    public EmbeddedMonitor(String keys) {
        this(keys, "");
    }

    /** @param others keys below {@code garrison}, as HOCON */
    public EmbeddedMonitor(String keys, String others) {
        garrison = Garrison.builder().config(config(keys, others)).plugin(new CfiMonitor()).on(CfiEvent.class, events::add).start();
        var status = garrison.status().plugins().getFirst();
        if (status.state() != PluginState.ACTIVE) {
            throw new AssertionError("cfi-monitor is " + status.state() + ": " + status.reason());
        }
    }

    private static Config config(String keys, String others) {
        return ConfigFactory.parseString("garrison { plugins.cfi-monitor { " + keys + " }\n" + others + " }");
    }

    /** Puts other keys in force. */
    public void reload(String keys) {
        reload(keys, "");
    }

    /** The same with keys of the framework's own. */
    public void reload(String keys, String others) {
        garrison.reload(config(keys, others));
    }

    /** A figure of the plugin's status. */
    public String figure(String name) {
        return garrison.status().plugins().getFirst().figures().get(name);
    }

    /** Waits until there are sensors behind the entries of some functions. */
    public void awaitLaterSensors(String... functions) {
        Guest.await(() -> "sensors behind the entries of " + List.of(functions) + ": " + garrison.status().plugins().getFirst().figures(),
                () -> Arrays.stream(functions).allMatch(figure("sensors behind entries")::contains));
    }

    /** Looks at all tasks twice more, and finds nothing that was told since. */
    public void assertNothingToldSince(List<CfiEvent> before) {
        long now = walks();
        Guest.await("two more walks over all tasks", () -> walks() > now + 2);
        List<CfiEvent> told = events();
        Assertions.assertEquals(List.of(), told.subList(before.size(), told.size()));
    }

    /** How often it looked at all tasks. */
    long walks() {
        return Long.parseLong(figure("walks over all tasks"));
    }

    /** All that was told so far. */
    public List<CfiEvent> events() {
        return List.copyOf(events);
    }

    Optional<CfiEvent> first(Predicate<CfiEvent> wanted) {
        return events.stream().filter(wanted).findFirst();
    }

    /** The first event of a kind, waited for. */
    public CfiEvent await(String what, Predicate<CfiEvent> wanted) {
        Guest.await(() -> what + "; told so far: " + events, () -> first(wanted).isPresent());
        return first(wanted).orElseThrow();
    }

    @Override
    public void close() {
        garrison.close();
    }
}
