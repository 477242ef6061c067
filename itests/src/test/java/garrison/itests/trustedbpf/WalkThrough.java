// SPDX-License-Identifier: Apache-2.0
package garrison.itests.trustedbpf;

import garrison.framework.trust.KeyStoreFile;
import garrison.framework.trust.SigningKey;
import garrison.itests.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** The walk-through in the plugin's README, line by line as it stands there, but in folders of the test's. */
final class WalkThrough {
    private static final Path README = Path.of("plugins/trusted-bpf/README.md");
    private static final String BEGIN = "## From no key to an enforced machine";

    private final Path home;
    private final Path sealed;
    private final List<String> lines;

    /**
     * @param home takes the place of /root and /etc/garrison
     * @param sealed of /opt/bin, on a file system with fs-verity
     */
    WalkThrough(Path home, Path sealed) throws IOException {
        this.home = home;
        this.sealed = sealed;
        String readme = Files.readString(README);
        String section = readme.substring(readme.indexOf(BEGIN));
        lines = section.substring(0, section.indexOf("\n```\n")).lines().filter(line -> line.startsWith("# ")).map(this::here).toList();
        Files.copy(Guest.attacks().file(), home.resolve("mytracer"));
        Files.writeString(home.resolve("secret"), "correct horse\n");
        Files.setPosixFilePermissions(home.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
    }

    private String here(String line) {
        return line.substring(2).replaceFirst("\\s{2,}# .*$", "").strip().replace("/root/", home + "/")
                .replace("/opt/bin/", sealed + "/").replace("/etc/garrison/", home + "/etc/");
    }

    /** Its commands, without what they are for. */
    List<String> lines() {
        return lines;
    }

    /** What the first command would have made, of a key that there is. */
    void haveKey(SigningKey key) {
        KeyStoreFile.write(key, home.resolve("2026.p12"), "correct horse".toCharArray());
        key.writeCertificate(home.resolve("2026.pem"));
    }

    Path program() {
        return sealed.resolve("mytracer");
    }

    Path configuration() {
        return home.resolve("etc/garrison.conf");
    }
}
