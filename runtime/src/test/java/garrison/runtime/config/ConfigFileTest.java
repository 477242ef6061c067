// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    @TempDir
    Path folder;

    @Test
    void file_withoutRuntimeSection_givesTheDefaults() throws IOException {
        RuntimeSettings settings = read("garrison { mode = ENFORCE }").runtime();
        assertEquals(List.of("*"), settings.bundles());
        assertEquals(folder.resolve("home/bundles"), settings.bundleDirectory());
        assertEquals(RuntimeSettings.DEFAULT_SOCKET, settings.controlSocket());
        assertEquals(Path.of("/run/garrison/cache"), settings.cacheDirectory());
        assertTrue(settings.eventLog().isEmpty());
        assertEquals(RuntimeSettings.OnFailure.EXIT_IF_NONE_RUNS, settings.onFailure());
    }

    @Test
    void file_withEverything_isRead() throws IOException {
        RuntimeSettings settings = read("""
                garrison.runtime {
                  bundles = [ file-guard, "/opt/*.jar" ]
                  control-socket = run/c.sock
                  event-log = log.jsonl
                  event-log-max-mib = 2
                  event-log-keep = 0
                  max-clients = 3
                  client-queue = 100
                  on-plugin-failure = continue
                }
                """).runtime();
        assertEquals(List.of("file-guard", "/opt/*.jar"), settings.bundles());
        assertEquals(folder.resolve("run/c.sock"), settings.controlSocket());
        assertEquals(folder.resolve("run/cache"), settings.cacheDirectory());
        assertEquals(new RuntimeSettings.EventLogSettings(folder.resolve("log.jsonl"), 2 << 20, 0), settings.eventLog().orElseThrow());
        assertEquals(3, settings.maxClients());
        assertEquals(100, settings.clientQueue());
        assertEquals(RuntimeSettings.OnFailure.CONTINUE, settings.onFailure());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2 | garrison.runtime {;contol-socket = /x;}            | control-socket
            1 | garison { }                                        | did you mean 'garrison'
            2 | garrison.runtime {;max-clients = many;}            | max-clients is many; write a whole number
            2 | garrison.runtime {;max-clients = 0;}               | max-clients is 0; give a number from 1 to 1024
            3 | garrison.runtime {;bundles = [];event-log = [a];}  | bundles names no bundle
            2 | garrison.runtime {;event-log = [a];}               | event-log is a list
            2 | garrison.runtime {;on-plugin-failure = maybe;}     | continue, exit-if-none-runs, exit
            2 | garrison.runtime {;control-socket = "";}           | control-socket is empty
            1 | garrison.runtime = 7                               | garrison.runtime is '7'
            1 | garrison = 7                                       | garrison is '7'
            3 | garrison {;mode = AUDIT;                           | HOCON
            2 | garrison {;x = ];}                                 | HOCON
            2 | garrison.runtime {;control-socket = ${nowhere};}   | nowhere
            """)
    void file_withAnError_isRefusedByLineAndRemedy(int line, String text, String words) throws IOException {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> read(text.replace(';', '\n')));
        assertTrue(e.getMessage().contains(words), e.getMessage());
        String place = folder.resolve("g.conf") + ":";
        assertTrue(e.getMessage().startsWith(place), e.getMessage());
        int told = Integer.parseInt(e.place().substring(place.length()));
        // An empty list has the line of its end in this parser, an open brace that of the file's.
        assertTrue(Math.abs(told - line) <= 1, "line " + told + " in: " + e.getMessage());
    }

    @Test
    void file_thatIsNotThere_isNamed() {
        ConfigurationException e = assertThrows(ConfigurationException.class,
                () -> ConfigFile.read(folder.resolve("none.conf"), installation()));
        assertEquals(folder.resolve("none.conf").toString(), e.place());
        assertTrue(e.getMessage().contains("there is no such configuration file"), e.getMessage());
    }

    @Test
    void file_thatIsAFolder_isNamed() {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> ConfigFile.read(folder, installation()));
        assertTrue(e.getMessage().contains("is a directory"), e.getMessage());
    }

    @Test
    void socket_longerThanTheKernelTakes_isRefused() {
        ConfigurationException e = assertThrows(ConfigurationException.class,
                () -> read("garrison.runtime.control-socket = /" + "x".repeat(107)));
        assertTrue(e.getMessage().contains("longer than the 107 bytes"), e.getMessage());
    }

    @Test
    void tree_thatRefersToAPluginsDefaults_isLeftToTheFramework() throws IOException {
        ConfigFile file = read("""
                garrison.runtime.max-clients = 2
                garrison.plugins.some.size = ${garrison.plugins.some.default-size}
                """);
        assertEquals(2, file.runtime().maxClients());
    }

    @Test
    void include_thatIsWrong_isNamedItself() throws IOException {
        Files.writeString(folder.resolve("part.conf"), "\n\ngarrison.runtime.max-client = 1\n");
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> read("include \"part.conf\""));
        assertTrue(e.getMessage().startsWith(folder.resolve("part.conf") + ":3: "), e.getMessage());
    }

    private ConfigFile read(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("g.conf"), text);
        return ConfigFile.read(file, installation());
    }

    private Installation installation() {
        return new Installation(folder.resolve("home"));
    }
}
