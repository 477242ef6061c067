// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.GarrisonException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the process that takes this one's place looks like to the kernel, once this one has been killed: struct
 * trusted_bpf_runtime of trusted_bpf.h, and the files of which it consists.
 *
 * @param executable the Java program, links resolved
 * @param arguments as in /proc/PID/cmdline, each with its 0
 * @param places folders in which nothing may be read but those files
 * @param files all that is in the places, on the class path, or mapped
 */
record Successor(Path executable, byte[] arguments, List<Path> places, List<Path> files) {
    private static final int PATH = 256;
    private static final int PLACES = 4;
    private static final int ARGUMENTS = 8192;
    private static final Path SELF = Path.of("/proc/self");

    /** As this process is. */
    static Successor ofThisProcess() {
        try {
            Path executable = SELF.resolve("exe").toRealPath();
            List<Path> places = new ArrayList<>();
            places.add(Path.of(System.getProperty("java.home")).toRealPath());
            String home = System.getProperty("garrison.home");
            if (home != null) {
                for (String folder : List.of("lib", "bundles")) {
                    Path place = Path.of(home).toAbsolutePath().resolve(folder);
                    if (Files.isDirectory(place)) {
                        places.add(place.toRealPath());
                    }
                }
            }
            Set<Path> files = new LinkedHashSet<>(List.of(executable));
            for (Path place : places) {
                try (Stream<Path> all = Files.walk(place)) {
                    all.filter(Files::isRegularFile).forEach(files::add);
                }
            }
            files.addAll(mapped(Files.readAllLines(SELF.resolve("maps"), StandardCharsets.ISO_8859_1)));
            Arrays.stream(System.getProperty("java.class.path", "").split(File.pathSeparator)).map(Path::of)
                    .filter(Files::isRegularFile).map(Path::toAbsolutePath).forEach(files::add);
            return new Successor(executable, Files.readAllBytes(SELF.resolve("cmdline")), List.copyOf(places), List.copyOf(files));
        } catch (IOException e) {
            throw new GarrisonException("trusted-bpf: cannot find out of which files this process consists, so that it could be"
                    + " started again under its own gate: " + e + "; successor = false does without", e);
        }
    }

    /** Files in lines of /proc/PID/maps; those that are gone are not to be found again. */
    static List<Path> mapped(List<String> lines) {
        return lines.stream().filter(line -> line.indexOf('/') > 0).map(line -> line.substring(line.indexOf('/'))).distinct()
                .filter(name -> !name.endsWith(" (deleted)")).map(Path::of).filter(Files::isRegularFile).toList();
    }

    /** Why none can be told from another program; empty if it can. */
    String obstacle() {
        if (arguments.length > ARGUMENTS) {
            return "this process has " + arguments.length + " bytes of arguments, more than " + ARGUMENTS;
        }
        if (places.size() > PLACES) {
            return "this process lives in " + places.size() + " folders, more than " + PLACES;
        }
        return Stream.concat(Stream.of(executable), places.stream()).filter(path -> bytes(path).length > PATH - 2).findFirst()
                .map(path -> path + " is longer than " + (PATH - 2) + " bytes").orElse("");
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The struct, in the machine's byte order; the number of arguments is that of their zeros. */
    byte[] encoded() {
        ByteBuffer room = ByteBuffer.allocate(8 * Integer.BYTES + PATH * (1 + PLACES) + ARGUMENTS).order(ByteOrder.nativeOrder());
        int count = 0;
        for (byte b : arguments) {
            count += b == 0 ? 1 : 0;
        }
        room.putInt(count).putInt(arguments.length).putInt(bytes(executable).length + 1);
        List<byte[]> prefixes = new ArrayList<>();
        for (int i = 0; i < PLACES; i++) {
            // With a slash at its end: /opt/a is not in /opt/ab.
            prefixes.add(i < places.size() ? (places.get(i) + "/").getBytes(StandardCharsets.UTF_8) : new byte[0]);
            room.putInt(prefixes.getLast().length);
        }
        room.putInt(0).put(Arrays.copyOf(bytes(executable), PATH));
        prefixes.forEach(prefix -> room.put(Arrays.copyOf(prefix, PATH)));
        return room.put(arguments).array();
    }
}
