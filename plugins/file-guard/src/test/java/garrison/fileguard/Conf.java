// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Settings as a user's file gives them, so that errors are placed at its lines. */
final class Conf {
    private Conf() {}

    static Settings settings(Path folder, String hocon) throws IOException {
        Path file = Files.writeString(folder.resolve("guard.conf"), hocon);
        return Settings.of(ConfigFactory.parseFile(file.toFile(), ConfigParseOptions.defaults()).resolve(),
                "garrison.plugins.file-guard");
    }
}
