// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** The assembled distribution as a user has it, with its configuration and socket in a folder of the test's own. */
final class InstalledProgram implements AutoCloseable {
    /** Far beyond what anything here takes; a test that waits so long has failed. */
    static final long PATIENCE_SECONDS = 60;

    private static final Path HOME = Path.of(System.getProperty("garrison.distribution"));

    private final Path folder;
    private final List<Process> started = new ArrayList<>();

    /**
     * A command that has ended.
     *
     * @param exit its exit code
     * @param out its standard output
     * @param err its standard error
     */
    record Ended(int exit, String out, String err) {}

    InstalledProgram(Path folder) throws IOException {
        this.folder = folder;
        Path bundles = Files.createDirectories(folder.resolve("bundles"));
        Files.copy(HOME.resolve("bundles/file-guard.jar"), bundles.resolve("file-guard.jar"));
        wordBundle(bundles.resolve("word.jar"));
    }

    /** Leaves a test out where the kernel would refuse its objects. */
    static void assumeRoot() throws IOException {
        assumeTrue(Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")), "loading BPF needs root");
    }

    /** Writes another jar, the same but for one bit of its object; the signature stays. */
    static Path alterObject(Path jar, Path altered) throws IOException {
        try (ZipFile in = new ZipFile(jar.toFile()); ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(altered))) {
            for (ZipEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                if (entry.getName().endsWith(".bpf.o")) {
                    bytes[bytes.length / 2] ^= 1;
                }
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(bytes);
            }
        }
        return altered;
    }

    Path config() {
        return folder.resolve("garrison.conf");
    }

    Path socket() {
        return folder.resolve("run/control.sock");
    }

    /**
     * Writes the configuration: the bundles, further keys of the runtime, and the plugins' section. Nothing is pinned: a
     * machine that builds need not have a BPF file system.
     */
    void configure(String bundles, String runtime, String plugins) throws IOException {
        Files.writeString(config(), """
                garrison { pin = false
                  runtime {
                    bundles = [ %s ], bundle-directory = bundles, control-socket = run/control.sock
                    %s
                  }
                  plugins {
                    %s
                  }
                }
                """.formatted(bundles, runtime, plugins));
    }

    static Path launcher() {
        return HOME.resolve("bin/garrison");
    }

    /** A build run by nohup ignores SIGHUP, which its children inherit; a service does not. */
    ProcessBuilder command(String... arguments) {
        List<String> words = new ArrayList<>(List.of("env", "--default-signal=HUP", launcher().toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("GARRISON_SOCKET", socket().toString());
        return builder;
    }

    /** Runs a command to its end. */
    Ended run(String... arguments) throws IOException, InterruptedException {
        return run(command(arguments));
    }

    Ended run(ProcessBuilder builder) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        started.add(process);
        return new Ended(end(process), Files.readString(out), Files.readString(err));
    }

    /** Starts {@code garrison run} and waits until it runs. */
    Process start() throws IOException, InterruptedException {
        return start(command("run", "--config", config().toString()));
    }

    /** The same from a copy of the distribution, which sees an empty folder where the first one lies. */
    Process startMoved() throws IOException, InterruptedException {
        Path moved = folder.resolve("moved");
        assertEquals(0, end(new ProcessBuilder("cp", "-a", HOME.toString(), moved.toString()).inheritIO().start()));
        return start(new ProcessBuilder("unshare", "--mount", "env", "--default-signal=HUP", "sh", "-c",
                "mount -t tmpfs none \"$1\" && exec \"$2/bin/garrison\" run --config \"$3\"", "sh", HOME.toRealPath().toString(),
                moved.toString(), config().toString()));
    }

    private Process start(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).redirectOutput(log().toFile()).start();
        started.add(process);
        await("garrison runs", () -> {
            if (!process.isAlive()) {
                throw new AssertionError("garrison ended with " + process.exitValue() + ": " + text(log()));
            }
            return text(log()).contains("running: ");
        });
        return process;
    }

    Path log() {
        return folder.resolve("log");
    }

    JsonObject status() throws IOException, InterruptedException {
        return JsonObject.of(JsonText.read(run("status", "--json").out()));
    }

    JsonObject plugin(String name) throws IOException, InterruptedException {
        return status().objects("plugins").stream().filter(p -> p.text("name").equals(name)).findFirst().orElseThrow();
    }

    static int end(Process process) throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("did not end within " + PATIENCE_SECONDS + " s");
        }
        return process.exitValue();
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited " + PATIENCE_SECONDS + " s for: " + what);
            }
            Thread.sleep(20);
        }
    }

    static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** {@link WordPlugin} as a bundle, with the framework's test object. */
    private static void wordBundle(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        Map.of("Manifest-Version", "1.0", "Bundle-ManifestVersion", "2", "Bundle-SymbolicName", "test.word",
                "Bundle-Version", "1.0.0", "Bundle-Activator", WordPlugin.Activator.class.getName(),
                "Import-Package", "garrison.spi,org.osgi.framework").forEach(main::putValue);
        try (OutputStream out = Files.newOutputStream(jar); JarOutputStream entries = new JarOutputStream(out, manifest)) {
            for (String part : List.of("", "$Activator", "$WordInForce", "$Session", "$Session$1")) {
                String name = WordPlugin.class.getName().replace('.', '/') + part + ".class";
                entries.putNextEntry(new ZipEntry(name));
                entries.write(WordPlugin.class.getClassLoader().getResourceAsStream(name).readAllBytes());
            }
            entries.putNextEntry(new ZipEntry(WordPlugin.OBJECT));
            entries.write(Files.readAllBytes(Path.of("../bpf/target/objects/test_ring.bpf.o")));
        }
    }

    @Override
    public void close() {
        started.forEach(Process::destroyForcibly);
    }
}
