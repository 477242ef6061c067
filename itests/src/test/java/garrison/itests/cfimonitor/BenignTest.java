// SPDX-License-Identifier: Apache-2.0
package garrison.itests.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.cfimonitor.CfiEvent;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What changes credentials, loads modules or looks at the same functions by right raises nothing, and works. */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(Stage.Shared.class)
class BenignTest {
    private final EmbeddedMonitor monitor;
    private List<CfiEvent> before = List.of();

    BenignTest(Stage stage) {
        monitor = stage.monitor;
    }

    @BeforeEach
    void remember() {
        before = monitor.events();
    }

    private void assertNothingIsTold() {
        monitor.assertNothingToldSince(before);
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
        Command.run("su", "-s", "/bin/sh", "nobody", "-c", "id").success();
        Command.run("setpriv", "--reuid=65534", "--clear-groups", "unshare", "-Urpf", "--mount-proc", "sh", "-c",
                "setpriv --reuid=0 --inh-caps=-all true; unshare -U true; id").success();
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

    /** Sensors behind entries come and go at other places while the functions are at work. */
    @Test
    void sensorsThatMove_raiseNothing() {
        monitor.reload("mode = ENFORCE, move-every = 1s");
        try {
            for (int i = 0; i < 4; i++) {
                changeCredentials();
            }
            Guest.await(() -> "sensors have moved: " + monitor.figure("sensors behind entries"),
                    () -> !monitor.figure("sensors behind entries").contains("(moved 0 times)"));
            changeCredentials();
            assertNothingIsTold();
        } finally {
            monitor.reload("mode = ENFORCE");
        }
    }

    /** Both look at the same functions in their own ways. */
    @Test
    void bpftraceAndPerf_raiseNothing() {
        String script = "kprobe:commit_creds { @a = count(); } kretprobe:prepare_kernel_cred { @b = count(); }"
                + " kfunc:commit_creds { @c = count(); } BEGIN { system(\"setpriv --reuid=65534 --clear-groups true\"); exit(); }";
        Command traced = Command.run("bpftrace", "--unsafe", "-e", script);
        assertEquals(0, traced.exit(), traced.toString());
        Command probed = Command.run("sh", "-c", "perf probe -q -a 'garrison_perf=commit_creds' && "
                + "perf stat -e probe:garrison_perf -a setpriv --reuid=65534 --clear-groups true; perf probe -q -d 'probe:garrison_perf'");
        assertEquals(0, probed.exit(), probed.toString());
        assertNothingIsTold();
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
