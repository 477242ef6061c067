// SPDX-License-Identifier: Apache-2.0
package garrison.itests.syscalltable;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.itests.Guest;
import garrison.spi.Event;
import garrison.spi.PluginState;
import garrison.syscalltable.Action;
import garrison.syscalltable.Area;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.KernelMemoryAltered;
import garrison.syscalltable.Severity;
import garrison.syscalltable.SyscallTable;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** A Garrison with syscall-table in this JVM, and what it told. */
final class Watched implements AutoCloseable {
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final Config config;
    private final Garrison garrison;

    private Watched(String more) {
        config = ConfigFactory.parseString("garrison.plugins.syscall-table { enabled = true }\n" + more);
        garrison = Garrison.builder().config(config)
                .plugin(new SyscallTable()).listener(events::add).start();
        PluginStatus status = status();
        if (status.state() != PluginState.ACTIVE) {
            throw new AssertionError("syscall-table is " + status.state() + ": " + status.reason());
        }
    }

    static Watched start(String more) {
        return new Watched(more);
    }

    void reload() {
        garrison.reload(config);
    }

    PluginStatus status() {
        return garrison.status().plugins().getFirst();
    }

    List<Event> events() {
        return List.copyOf(events);
    }

    /** What was told since a moment. */
    <E extends Event> List<E> heard(Class<E> type, Instant since, Predicate<E> which) {
        return events.stream().filter(type::isInstance).map(type::cast).filter(e -> !e.time().isBefore(since)).filter(which).toList();
    }

    /** Waits for an event, and prints how long after the moment it was, by the kernel's clock. */
    <E extends Event> E await(String what, Class<E> type, Instant since, Predicate<E> which) {
        Guest.await(() -> what + "; told since: " + heard(Event.class, since, _ -> true), () -> !heard(type, since, which).isEmpty());
        E event = heard(type, since, which).getFirst();
        System.out.println(what + ": seen after " + Duration.between(since, event.time()).toMillis() + " ms");
        return event;
    }

    KernelMemoryAltered memory(String what, Area area, Instant since, boolean restored) {
        return await(what, KernelMemoryAltered.class, since, e -> e.area() == area && e.restored() == restored);
    }

    KernelAltered act(Action action, Instant since, Predicate<KernelAltered> which) {
        return await(action.toString(), KernelAltered.class, since, e -> e.action() == action && which.test(e));
    }

    List<Event> alarms(Instant since) {
        return heard(Event.class, since, e -> e instanceof KernelMemoryAltered m && m.severity() == Severity.ALARM
                || e instanceof KernelAltered a && a.severity() == Severity.ALARM);
    }

    long looks() {
        return Long.parseLong(status().figures().get("looks").split(",")[0]);
    }

    /** Waits until all kernel memory was looked at again, from begin to end. */
    void awaitLook() {
        long before = looks();
        Guest.await("two looks", () -> looks() >= before + 2);
    }

    @Override
    public void close() {
        garrison.close();
    }
}
