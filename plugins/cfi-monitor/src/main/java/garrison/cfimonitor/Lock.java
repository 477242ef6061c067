// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import garrison.spi.GarrisonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Call sites that were learnt, in a text file that people can read and ship: one a line, {@code BUILD-ID SENSOR OFFSET}, the offset
 * from {@code _stext} in hexadecimal digits, so that it holds wherever a boot puts the kernel. Lines of other kernels are left alone;
 * {@code #} begins a comment. {@code garrison sign} signs it, once somebody has read it.
 */
final class Lock {
    private static final int BUILD_ID = 3;

    private Lock() {}

    /** A call site within the kernel's text. */
    record Site(Sensor sensor, long offset) {}

    /**
     * What a lock says.
     *
     * @param sites of the kernel that was asked for
     * @param ofOthers lines for other kernels
     */
    record Content(Set<Site> sites, int ofOthers) {
        static final Content NONE = new Content(Set.of(), 0);
    }

    /** The running kernel's build id, from its notes. */
    static String buildId() {
        Path notes = Path.of("/sys/kernel/notes");
        try {
            return buildId(Files.readAllBytes(notes));
        } catch (IOException e) {
            throw new GarrisonException(notes + " cannot be read: " + e.getMessage() + "; mount sysfs, or leave the key lock out", e);
        }
    }

    static String buildId(byte[] notes) {
        ByteBuffer all = ByteBuffer.wrap(notes).order(ByteOrder.nativeOrder());
        while (all.remaining() >= 3 * Integer.BYTES) {
            int name = all.getInt();
            int length = all.getInt();
            int type = all.getInt();
            int at = all.position() + (name + 3 & ~3);
            int next = at + (length + 3 & ~3);
            if (name < 0 || length < 0 || at < 0 || next < at || next > all.limit()) {
                break;
            }
            if (type == BUILD_ID && name == 4 && notes[all.position()] == 'G') {
                return HexFormat.of().formatHex(notes, at, at + length);
            }
            all.position(next);
        }
        throw new GarrisonException("/sys/kernel/notes holds no build id; leave the key lock out");
    }

    /**
     * Reads one.
     *
     * @param file for errors
     * @param bytes what is in it
     * @param buildId of the kernel whose sites are wanted
     * @throws GarrisonException with file and line for what is no call site
     */
    static Content parse(Path file, byte[] bytes, String buildId) {
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n");
        Set<Site> sites = new LinkedHashSet<>();
        int ofOthers = 0;
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i].replaceFirst("(?s)#.*", "").strip();
            if (!line.isEmpty()) {
                String[] words = line.split("\\s+");
                Site site = site(file, i + 1, words);
                if (words[0].equals(buildId)) {
                    sites.add(site);
                } else {
                    ofOthers++;
                }
            }
        }
        return new Content(sites, ofOthers);
    }

    private static Site site(Path file, int line, String[] words) {
        if (words.length == 3 && words[0].matches("[0-9a-f]+")) {
            for (Sensor sensor : Sensor.values()) {
                if (sensor.isFunction() && sensor.word().equals(words[1]) && words[2].matches("[0-9a-f]{1,8}")) {
                    return new Site(sensor, Long.parseLong(words[2], 16));
                }
            }
        }
        throw new GarrisonException(file + ":" + line + ": no call site; write BUILD-ID FUNCTION OFFSET, for example 1a2b commit_creds 9f3c0,"
                + " or take the line out");
    }

    /** Adds a line. */
    static void append(Path file, String buildId, Site site, String comment) throws IOException {
        Files.writeString(file, buildId + " " + site.sensor().word() + " " + Long.toHexString(site.offset()) + " # " + comment + "\n",
                StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
