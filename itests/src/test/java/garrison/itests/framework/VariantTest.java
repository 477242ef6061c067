// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status;
import garrison.itests.Guest;
import garrison.itests.neighbour.NeighbourPlugin;
import garrison.spi.KernelVersion;
import garrison.spi.PluginState;
import garrison.spi.ProgramSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A plugin with several objects gets the first that this kernel can run. */
class VariantTest {
    private static ProgramSource object(String name) throws IOException {
        return new ProgramSource(name + ".bpf.o", Guest.built("bpf/" + name + ".bpf.o").toUri().toURL());
    }

    private static Status.PluginStatus start(String... objects) throws IOException {
        List<ProgramSource> sources = new ArrayList<>();
        for (String name : objects) {
            sources.add(object(name));
        }
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString("garrison { mode = AUDIT }"))
                .plugin(new NeighbourPlugin("variants", sources)).start()) {
            return garrison.status().plugins().getFirst();
        }
    }

    @Test
    void preferredObjectWithAKfuncOf68_isUsedJustWhereThatIs() throws IOException {
        Status.PluginStatus status = start("verity", "observer");
        assertEquals(PluginState.ACTIVE, status.state(), status.reason());
        boolean here = Guest.kernel().compareTo(new KernelVersion(6, 8, 0)) >= 0;
        assertEquals(here ? "verity.bpf.o" : "observer.bpf.o", status.object());
    }

    @Test
    void objectWithAHookOfNoKernel_givesWayToTheNext() throws IOException {
        Status.PluginStatus status = start("missing_hook", "observer", "verity");
        assertEquals(PluginState.ACTIVE, status.state(), status.reason());
        assertEquals("observer.bpf.o", status.object());
    }
}
