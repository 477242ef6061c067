// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.link.Link;
import garrison.framework.object.BpfSpec;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.OpenObject;
import garrison.framework.object.Owner;
import garrison.itests.Command;
import garrison.itests.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What changes credentials, loads modules or looks at the same functions by right raises nothing, and works. */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenignTest {
    private EmbeddedMonitor monitor;

    @BeforeAll
    void start() {
        monitor = new EmbeddedMonitor("mode = ENFORCE");
    }

    @AfterAll
    void stop() {
        monitor.close();
    }

    private void assertNothingIsTold() {
        long walks = monitor.walks();
        Guest.await("two more walks over all tasks", () -> monitor.walks() > walks + 2);
        assertEquals(List.of(), monitor.events());
    }

    @Test
    void changesOfCredentials_byTheSystemsOwnCalls_raiseNothing() {
        changeCredentials();
        assertNothingIsTold();
    }

    /** As sudo, su and sshd do; and user namespaces, as containers do. */
    private static void changeCredentials() {
        Command.run("setpriv", "--reuid=65534", "--regid=65534", "--init-groups", "--bounding-set=-all", "--no-new-privs", "true").success();
        Command.run("setpriv", "--reuid=65534", "--clear-groups", "unshare", "-Ur", "sh", "-c", "id; mount -t tmpfs t /tmp || :").success();
        Command.run("unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "for i in 1 2 3; do /bin/true; done").success();
        Command.run("chroot", "--userspec=65534:65534", "/", "sh", "-c", "cat /proc/self/status | grep -q Uid").success();
    }

    @Test
    void otherToolsAtTheSameFunctions_raiseNothing() throws IOException {
        Libbpf libbpf = Libbpf.open();
        byte[] elf = Files.readAllBytes(Guest.built("bpf/third_party.bpf.o"));
        BpfSpec spec = BpfSpec.parse("third_party.bpf.o", elf);
        List<Link> links = new ArrayList<>();
        try (OpenObject open = OpenObject.open(libbpf, spec, elf, new Owner("third-party", System.getProperty("os.version")));
                LoadedBpfObject loaded = open.load()) {
            try {
                loaded.programs().forEach(program -> links.add(loaded.attach(program)));
                changeCredentials();
                assertNothingIsTold();
            } finally {
                links.forEach(Link::close);
            }
        }
    }

    /** A return probe replaces return addresses on the stack. */
    @Test
    void probesThroughTracefs_raiseNothing() throws IOException {
        Path events = Path.of("/sys/kernel/tracing/kprobe_events");
        Files.writeString(events, "r:garrison_test/committed commit_creds\n");
        Path enable = Path.of("/sys/kernel/tracing/events/garrison_test/enable");
        try {
            Files.writeString(enable, "1");
            changeCredentials();
            assertNothingIsTold();
        } finally {
            Files.writeString(enable, "0");
            Files.writeString(events, "");
        }
    }

    /** The first is signed by Debian and acts under the mounter's credentials; the second is not signed and does nothing. */
    @Test
    void ordinaryModules_raiseNothing() throws IOException {
        Path folder = Guest.scratch("overlay");
        for (String name : List.of("lower", "upper", "work", "all")) {
            Files.createDirectory(folder.resolve(name));
        }
        Files.writeString(folder.resolve("lower/file"), "text\n");
        Command.run("mount", "-t", "overlay", "overlay", "-o", "lowerdir=" + folder + "/lower,upperdir=" + folder + "/upper,workdir="
                + folder + "/work", folder + "/all").success();
        try {
            Command.run("setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", "cat " + folder + "/all/file; ls -l " + folder + "/all").success();
            Command.run("sh", "-c", "echo more >>" + folder + "/all/file; rm " + folder + "/all/file").success();
        } finally {
            Command.run("umount", folder + "/all").success();
        }
        Path benign = Guest.built("modules/" + System.getProperty("garrison.kernel") + "/garrison_benign.ko");
        Command.run("insmod", benign.toString()).success();
        Command.run("rmmod", "garrison_benign").success();
        assertNothingIsTold();
    }

    @Test
    void hundredsOfPrograms_raiseNothing() {
        Command.run("sh", "-c", "i=0; while [ $i -lt " + (Guest.isLong() ? 5000 : 300) + " ]; do /bin/true; i=$((i+1)); done").success();
        assertNothingIsTold();
    }
}
