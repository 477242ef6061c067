// SPDX-License-Identifier: Apache-2.0
package garrison.itests.boot.lockdown;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.itests.Guest;
import garrison.itests.attack.Outcome;
import garrison.spi.Event;
import garrison.spi.PluginState;
import garrison.syscalltable.Action;
import garrison.syscalltable.KernelAltered;
import garrison.syscalltable.SyscallTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A boot with lockdown=confidentiality: kernel memory is nobody's to read, no kprobe is to be had, and the plugin says what it does
 * not see, and keeps the rest.
 */
@Timeout(300)
class SyscallTableUnderLockdownTest {
    private static final String WHY = "lockdown=confidentiality forbids BPF programs to read kernel memory";

    @Test
    void lockdownConfidentiality_theUnseenIsNamed_andActsAreToldAllTheSame() throws IOException {
        assertTrue(Files.readString(Path.of("/sys/kernel/security/lockdown")).contains("[confidentiality]"));
        List<Event> events = new CopyOnWriteArrayList<>();
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison.plugins.syscall-table { enabled = true }"))
                .plugin(new SyscallTable()).listener(events::add).start()) {
            PluginStatus status = garrison.status().plugins().getFirst();
            assertEquals(PluginState.ACTIVE, status.state(), status.reason());
            assertEquals("kernel memory (system call table, code, handlers, parameters, hidden modules, ftrace): " + WHY + "; "
                    + "the helpers that BPF programs call: " + WHY, status.figures().get("not seen"));
            assertEquals(Outcome.EPERM, Guest.attacks().run("perf-kprobe", "__x64_sys_getpgid").exit(), "a kernel without kprobes");
            long filter = Guest.attacks().run("attach-filter").pid();
            long bpf = Guest.attacks().run("load-bpf").pid();
            long uprobe = Guest.attacks().run("perf-uprobe", Guest.built("attack").toString(), "0x1000").pid();
            Guest.await(() -> "all acts; told: " + events, () -> told(events, Action.SOCKET_FILTER, filter) && told(events, Action.BPF, bpf)
                    && told(events, Action.UPROBE_REGISTER, uprobe) && told(events, Action.UPROBE_UNREGISTER, uprobe));
        }
    }

    private static boolean told(List<Event> events, Action action, long pid) {
        return events.stream().anyMatch(e -> e instanceof KernelAltered a && a.action() == action && a.pid() == pid);
    }
}
