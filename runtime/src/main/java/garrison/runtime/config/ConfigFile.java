// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * One reading of the configuration file.
 *
 * @param file where it was read
 * @param runtime the program's own section, checked
 * @param tree the whole tree as written, not resolved, for {@code Garrison.builder().config(…)}
 */
public record ConfigFile(Path file, RuntimeSettings runtime, Config tree) {
    /** Where the configuration lies when the command line does not say. */
    public static final Path DEFAULT = Path.of("/etc/garrison/garrison.conf");

    /**
     * Reads the file: HOCON, with includes, and with substitutions from the file itself and the environment.
     *
     * @param installation gives the defaults that depend on where the program lies
     * @throws ConfigurationException with file, line and remedy
     */
    public static ConfigFile read(Path file, Installation installation) {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new ConfigurationException(file.toString(), problemOf(file),
                    "write one (conf/garrison.conf of the distribution is an example) or name another with --config");
        }
        return wording(file, () -> {
            Config tree = ConfigFactory.parseFile(file.toFile(),
                    ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF).setAllowMissing(false));
            return new ConfigFile(file, runtime(tree, file, installation), tree);
        });
    }

    /** What refers to a plugin's defaults can only be resolved when the plugin is there; the program's own part can now. */
    private static RuntimeSettings runtime(Config tree, Path file, Installation installation) {
        try {
            return runtime(file, installation, tree.resolve());
        } catch (ConfigException.UnresolvedSubstitution e) {
            try {
                return runtime(file, installation, tree.resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true)));
            } catch (ConfigException.NotResolved ownPart) {
                // The first one knows the line.
                e.addSuppressed(ownPart);
                throw e;
            }
        }
    }

    private static RuntimeSettings runtime(Path file, Installation installation, Config resolved) {
        Settings top = Settings.of(resolved, "");
        top.has("garrison");
        top.end();
        return RuntimeSettings.read(Settings.of(resolved, "").object("garrison").object("runtime"), file, installation);
    }

    /**
     * The parser's errors in the words of this program.
     *
     * @throws ConfigurationException in place of any {@link ConfigException}
     */
    public static <T> T wording(Path file, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (ConfigException.UnresolvedSubstitution | ConfigException.NotResolved e) {
            throw error(file, e, "define it in the file or in the environment, or write ${?name} if it may be absent");
        } catch (ConfigException e) {
            throw error(file, e, "the file is HOCON: key = value, { } for objects, [ ] for lists");
        }
    }

    private static ConfigurationException error(Path file, ConfigException e, String remedy) {
        String place = e.origin() != null && e.origin().lineNumber() > 0
                ? (e.origin().filename() == null ? file : e.origin().filename()) + ":" + e.origin().lineNumber()
                : file.toString();
        String prefix = e.origin() == null ? "" : e.origin().description() + ": ";
        String problem = e.getMessage().startsWith(prefix) ? e.getMessage().substring(prefix.length()) : e.getMessage();
        return new ConfigurationException(place, problem, remedy);
    }

    private static String problemOf(Path file) {
        if (Files.isDirectory(file)) {
            return "is a directory, not a configuration file";
        }
        return Files.exists(file) ? "cannot be read by this user" : "there is no such configuration file";
    }
}
