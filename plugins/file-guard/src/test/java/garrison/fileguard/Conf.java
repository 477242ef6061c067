// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import com.typesafe.config.Config;
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
        return Settings.of(parse(folder, hocon), "garrison.plugins.file-guard");
    }

    /** The same of a whole file, in which they lie at a path. */
    static Settings settings(Path folder, String hocon, String path) throws IOException {
        return Settings.of(parse(folder, hocon).getConfig(path), path);
    }

    private static Config parse(Path folder, String hocon) throws IOException {
        Path file = Files.writeString(folder.resolve("guard.conf"), hocon);
        return ConfigFactory.parseFile(file.toFile(), ConfigParseOptions.defaults()).resolve();
    }
}
