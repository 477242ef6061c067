// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that runs {@link GapPlugin} until it is killed, or its standard input ends: then it stops in good order. It says
 * "ready" when its JVM is up, which takes seconds in an emulated guest, and after a line on its standard input, "up".
 */
public final class GapVictim {
    private GapVictim() {}

    /** Arguments: the ledger, the directory's inode, the process that is granted, the configuration. */
    public static void main(String[] arguments) throws IOException {
        Ledger ledger = new Ledger(Path.of(arguments[0]));
        GapPlugin plugin = new GapPlugin(ledger, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
        Config config = ConfigFactory.parseString(arguments[3]);
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        try (Garrison garrison = Garrison.builder().config(config).plugin(plugin).start()) {
            var status = garrison.status().plugins().getFirst();
            System.out.println(status.state().name().equals("ACTIVE") ? "up" : status.reason());
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }
}
