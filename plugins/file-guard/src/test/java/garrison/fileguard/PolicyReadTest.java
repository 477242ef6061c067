// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.spi.ConfigurationException;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the configuration may say, and what each mistake is answered. */
class PolicyReadTest {
    @TempDir
    Path folder;

    @Test
    void rule_complete_isReadWhole() throws IOException {
        Policy policy = read("""
                link-scan = 7
                rules = [
                  { name = secrets, tree = /srv/secrets, operations = [ read, WRITE ], mode = audit
                    allow = [ { executable = /usr/bin/vault, uid = 4294967294 }, { uid = 0 } ] }
                  { name = shadow, paths = [ /etc/shadow, /etc/gshadow ], operations = attributes }
                ]""");
        Rule tree = policy.rules().get(0);
        Rule paths = policy.rules().get(1);
        assertAll(
                () -> assertEquals(7, policy.linkScan()),
                () -> assertEquals(List.of(Path.of("/srv/secrets")), tree.trees()),
                () -> assertEquals(List.of(), tree.paths()),
                () -> assertEquals(Set.of(Operation.READ, Operation.WRITE), tree.operations()),
                () -> assertEquals(Mode.AUDIT, tree.mode()),
                () -> assertEquals(Optional.of(Path.of("/usr/bin/vault")), tree.allow().get(0).executable()),
                () -> assertEquals(4294967294L, tree.allow().get(0).uid().getAsLong()),
                () -> assertEquals(Optional.empty(), tree.allow().get(1).executable()),
                () -> assertEquals(List.of(Path.of("/etc/shadow"), Path.of("/etc/gshadow")), paths.paths()),
                () -> assertEquals(Mode.ENFORCE, paths.mode(), "left out, the plugin's mode decides"));
    }

    @Test
    void noRules_isAnEmptyPolicy() throws IOException {
        assertEquals(List.of(), read("").rules());
    }

    @Test
    void whatLiesAroundTheFiles_isCoveredAsTold() throws IOException {
        Policy silent = read("");
        Policy all = read("old-descriptors = true, block-devices = [ read, write ]");
        assertAll(
                () -> assertEquals(false, silent.oldDescriptors()),
                () -> assertEquals(Set.of(Operation.WRITE), silent.blockDevices()),
                () -> assertEquals(true, all.oldDescriptors()),
                () -> assertEquals(Set.of(Operation.READ, Operation.WRITE), all.blockDevices()),
                () -> assertEquals(Set.of(), read("block-devices = []").blockDevices()));
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> read("block-devices = [ execute ]"));
        assertTrue(e.getMessage().contains("block-devices"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            name = a, path = /f                                              | rules[0].operations is missing or empty
            name = a, path = /f, operations = []                             | rules[0].operations is missing or empty
            name = a, path = /f, operations = [ reed ]                       | rules[0].operations is 'reed'; write one of read, write
            name = a, operations = [ read ]                                  | rules[0].path is missing
            path = /f, operations = [ read ]                                 | rules[0].name is missing
            name = " ", path = /f, operations = [ read ]                     | rules[0].name is empty
            name = a, path = /f, tree = /d, operations = [ read ]            | rules[0].tree stands beside path
            name = a, paths = [], operations = [ read ]                      | rules[0].paths is empty
            name = a, path = etc/f, operations = [ read ]                    | rules[0].path holds 'etc/f', a relative path
            name = a, path = /f, operations = [ read ], modus = AUDIT        | unknown key garrison.plugins.file-guard.rules[0].modus; did you mean 'mode'?
            name = a, path = /f, operations = [ read ], mode = off           | rules[0].mode is 'off'
            name = a, path = /f, operations = [ read ], allow = [ {} ]       | rules[0].allow[0].executable is missing, and so are uid
            name = a, path = /f, operations = [ read ], allow = [ {uids=0} ] | unknown key garrison.plugins.file-guard.rules[0].allow[0].uids; did you mean 'uid'?
            name = a, path = /f, operations = [ read ], effect = murder      | rules[0].effect is 'murder'; write one of audit, deny, kill
            name = a, glob = "etc/*", operations = [ read ]                  | rules[0].glob holds 'etc/*', which is relative or has **
            name = a, glob = "/etc/**", operations = [ read ]                | rules[0].glob holds '/etc/**', which is relative or has **
            name = a, glob = "/etc/no-such-*", operations = [ read ]         | rules[0].glob holds '/etc/no-such-*', which matches no file
            name = a, glob = "/etc/[", operations = [ read ]                 | rules[0].glob holds '/etc/[', which is no pattern
            name = a, path = /f, operations = [ read ], allow = [ {until="2026-12-01T00:00Z"} ] | rules[0].allow[0].executable is missing
            name = a, path = /f, operations = [ read ], allow = [ {uid=1,until=tomorrow} ] | rules[0].allow[0].until is 'tomorrow'; write a time with its zone
            name = a, path = /f, operations = [ read ], allow = [ {uid=1,until="2026-12-01T00:00"} ] | rules[0].allow[0].until is '2026-12-01T00:00'
            name = a, path = /f, operations = [ read ], allow = [ {uid=1,until="2999-12-01T00:00Z"} ] | rules[0].allow[0].until is '2999-12-01T00:00Z', centuries away
            name = a, path = /f, operations = [ read ], allow = [ {gid=4294967295} ] | rules[0].allow[0].gid is 4294967295
            name = a, path = /f, operations = [ read ], allow = [ {cgroup=system.slice} ] | rules[0].allow[0].cgroup holds 'system.slice', a relative path
            name = a, path = /f, operations = [ read ], allow = [ {ancestor=sshd} ] | rules[0].allow[0].ancestor holds 'sshd', a relative path
            name = a, path = /f, operations = [ read ], owner = root         | rules[0].owner
            name = a, path = /f, operations = [ read ], owner = 4294967295   | rules[0].owner is 4294967295
            name = a, file-system = /dev/sdb1, operations = [ read ]         | rules[0].file-system holds '/dev/sdb1', which is no type of file systems
            name = a, path = /f, operations = [ read ], allow = [ {fs-verity=abc} ] | rules[0].allow[0].fs-verity is 'abc', which is no fs-verity digest
            name = a, path = /f, operations = [ read ], allow = [ {fs-verity="sha256:00ff"} ] | rules[0].allow[0].fs-verity is 'sha256:00ff', which is no
            name = a, file-system = proc, tree = /d, operations = [ read ]   | stands beside
            name = a, path = /f, operations = [ read ], allow = [ {uid=-1} ] | rules[0].allow[0].uid is -1
            name = a, path = /f, operations = [ read ], allow = [ {executable=vault} ] | rules[0].allow[0].executable holds 'vault', a relative path
            """)
    void rule_wrong_isToldWithFileAndLine(String rule, String problem) {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> read("\nrules = [ {" + rule + "} ]"));
        assertAll(
                () -> assertTrue(e.getMessage().contains(problem), e.getMessage()),
                () -> assertEquals(folder.resolve("guard.conf") + ":2", e.place()));
    }

    @Test
    void rules_ofOneName_areRefused() {
        ConfigurationException e = assertThrows(ConfigurationException.class, () -> read("""
                rules = [
                  { name = a, path = /f, operations = read }
                  { name = a, path = /g, operations = read }
                ]"""));
        assertAll(
                () -> assertTrue(e.getMessage().contains("'a' is used by two rules"), e.getMessage()),
                () -> assertTrue(e.place().endsWith("guard.conf:3"), e.place()));
    }

    private Policy read(String hocon) throws IOException {
        return Policy.read(Conf.settings(folder, hocon));
    }
}
