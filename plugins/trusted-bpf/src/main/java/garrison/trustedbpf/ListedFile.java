// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.ConfigurationException;
import garrison.spi.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;

/**
 * A loader with its signature, of a list that {@code garrison trust sign --list} writes: a line each, the signature in base64, a
 * blank, the absolute path; lines that begin with # count for nothing.
 *
 * @param path the loader
 * @param signature detached, DER
 * @param error makes an error about this line
 */
record ListedFile(Path path, byte[] signature, Function<String, ConfigurationException> error) {
    /** TRUSTED_BPF_SIGNATURE_MAX of trusted_bpf.h. */
    static final int LONGEST = 1023;

    static List<ListedFile> read(Path file, Settings settings, String key) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw settings.error(key, "names " + file + ", which cannot be read: " + e, "garrison trust sign --list writes it");
        }
        List<ListedFile> all = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String where = "names " + file + ", whose line " + (i + 1) + " ";
            all.add(entry(line, problem -> settings.error(key, where + problem, "sign the loader anew with garrison trust sign --list")));
        }
        return List.copyOf(all);
    }

    private static ListedFile entry(String line, Function<String, ConfigurationException> error) {
        int blank = line.indexOf(' ');
        Path path = Path.of(line.substring(blank + 1).strip());
        if (blank < 0 || !path.isAbsolute()) {
            throw error.apply("is no signature with an absolute path after it");
        }
        try {
            byte[] signature = Base64.getDecoder().decode(line.substring(0, blank));
            if (signature.length > LONGEST) {
                throw error.apply("has a signature of " + signature.length + " bytes, more than " + LONGEST);
            }
            return new ListedFile(path, signature, error);
        } catch (IllegalArgumentException e) {
            throw error.apply("does not begin with base64: " + e.getMessage());
        }
    }
}
