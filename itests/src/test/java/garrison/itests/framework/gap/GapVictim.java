// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework.gap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that runs {@link GapPlugin} until it is killed, or its standard input ends: then it stops in good order. It is
 * made in two steps if asked for, since a JVM's start takes seconds in an emulated guest: "ready" when its classes are
 * loaded, by a rehearsal that guards nothing and pins nothing, then, after a line on its standard input, "up".
 */
public final class GapVictim {
    private GapVictim() {}

    /** Arguments: the ledger, the directory's inode, the process that is granted, the configuration, whether to rehearse. */
    public static void main(String[] arguments) throws IOException {
        Ledger ledger = new Ledger(Path.of(arguments[0]));
        Config config = ConfigFactory.parseString(arguments[3]);
        if (Boolean.parseBoolean(arguments[4]) && !rehearsed(ledger, config)) {
            return;
        }
        try (Garrison garrison = start(config, new GapPlugin(ledger, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2])))) {
            say(garrison, "up");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }

    /** False if nobody wants more. */
    private static boolean rehearsed(Ledger ledger, Config config) throws IOException {
        try (Garrison rehearsal = start(ConfigFactory.parseString("garrison.pin = false").withFallback(config),
                new GapPlugin(ledger, 0, 0))) {
            say(rehearsal, "ready");
        }
        return System.in.read() >= 0;
    }

    private static Garrison start(Config config, GapPlugin plugin) {
        return Garrison.builder().config(config).plugin(plugin).start();
    }

    private static void say(Garrison garrison, String word) {
        var status = garrison.status().plugins().getFirst();
        System.out.println(status.state().name().equals("ACTIVE") ? word : status.reason());
    }
}
