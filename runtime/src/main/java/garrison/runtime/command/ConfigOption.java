// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.nio.file.Path;
import org.apache.commons.cli.Option;

/** Which configuration is read. */
final class ConfigOption {
    private static final String STANDARD = "/etc/garrison/garrison.conf";

    private ConfigOption() {}

    static Option option() {
        return Command.valued("config", "FILE", "Configuration file (default: " + STANDARD + ").");
    }

    static Path of(Call call) {
        return call.file("config", STANDARD);
    }
}
