// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import java.io.IOException;
import java.nio.file.Path;

/** A process that runs {@link GapPlugin} until it is killed, or its standard input ends: then it stops in good order. */
public final class GapVictim {
    private GapVictim() {}

    /** Arguments: the ledger, the directory's inode, the process that is granted, the configuration. Prints "up" when it runs. */
    public static void main(String[] arguments) throws IOException {
        GapPlugin plugin = new GapPlugin(new Ledger(Path.of(arguments[0])), Long.parseLong(arguments[1]),
                Integer.parseInt(arguments[2]));
        try (Garrison garrison = Garrison.builder().config(ConfigFactory.parseString(arguments[3])).plugin(plugin).start()) {
            var status = garrison.status().plugins().getFirst();
            System.out.println(status.state().name().equals("ACTIVE") ? "up" : status.reason());
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }
}
