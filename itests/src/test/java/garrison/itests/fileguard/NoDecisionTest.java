// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.AttackServer;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Scene;
import garrison.spi.KernelVersion;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Where the policy says nothing, the kernel's answer is the same with file-guard as without. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NoDecisionTest {
    private static final String USER = "4711";
    /** The kernel that lets hooks skip the capability check of security.* names by their own word only. */
    private static final KernelVersion SKIPCAP = new KernelVersion(6, 11, 0);

    private final Path scratch = Guest.scratch("no-decision");
    private final AttackServer attacks = new AttackServer(Guest.attacks());
    /** Seen before file-guard was started. */
    private final Map<String, Outcome> without = new LinkedHashMap<>();
    private Outcome labelWithout;
    private EmbeddedGuard guard;
    private Scene elsewhere;
    private int scenes;

    @BeforeAll
    void start() {
        operations().forEach((name, words) -> without.put(name, run(words)));
        labelWithout = label(usersScene().file());
        guard = EmbeddedGuard.start();
        elsewhere = Scene.make(scratch.resolve("elsewhere"));
    }

    @AfterAll
    void stop() {
        guard.close();
        attacks.close();
    }

    private void guardElsewhere(Operation... operations) {
        guard.reload(new Policy(Mode.ENFORCE).rule("elsewhere", Attack.Rule.TREE, elsewhere.guarded(), operations));
    }

    private Scene usersScene() {
        Scene scene = Scene.make(scratch.resolve("scene-" + scenes++));
        try {
            Files.setAttribute(scene.file(), "unix:uid", Integer.parseInt(USER));
            Files.setAttribute(scene.outsideFolder(), "unix:uid", Integer.parseInt(USER));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return scene;
    }

    private Outcome label(Path file) {
        return attacks.run("--uid", USER, "setxattr", file.toString(), "security.garrison");
    }

    /**
     * With BPF in the list of security modules, kernels before 6.11 let any user set security.* attributes of his files:
     * that is the kernel's own hole, and the negative control of the next tests.
     */
    @Test
    void securityXattr_unprivilegedWithoutFileGuard_isTheKernelsOwnAnswer() {
        assertEquals(Guest.kernel().compareTo(SKIPCAP) < 0 ? 0 : Outcome.EPERM, labelWithout.exit());
    }

    @Test
    void securityXattr_unprivilegedWithFileGuard_isRefused() {
        guardElsewhere(Operation.ATTRIBUTES);
        assertEquals(Outcome.EPERM, label(usersScene().file()).exit());
    }

    /** The hole is closed also by a policy that needs no attribute hook for itself. */
    @Test
    void securityXattr_policyAboutReadingOnly_isRefused() {
        guardElsewhere(Operation.READ);
        assertEquals(Outcome.EPERM, label(usersScene().file()).exit());
    }

    @Test
    void securityXattr_inAudit_isRefused() {
        guard.reload(new Policy(Mode.AUDIT).rule("elsewhere", Attack.Rule.TREE, elsewhere.guarded(), Operation.ATTRIBUTES));
        assertEquals(Outcome.EPERM, label(usersScene().file()).exit());
    }

    @Test
    void securityXattr_byRoot_isLetThrough() {
        guardElsewhere(Operation.ATTRIBUTES);
        Scene scene = usersScene();
        assertEquals(0, attacks.run("setxattr", scene.other().toString(), "security.garrison").exit());
        assertEquals(0, attacks.run("removexattr", scene.other().toString(), "security.garrison").exit());
    }

    /** Each as root or as a user, most of them refused by the kernel for its own reasons. */
    private static Map<String, Function<Scene, List<Object>>> operations() {
        Map<String, Function<Scene, List<Object>>> all = new LinkedHashMap<>();
        all.put("write to a file of another", s -> user("open-write", s.other()));
        all.put("write to one's own file", s -> user("open-write", s.file()));
        all.put("write to a folder", s -> List.of("open-write", s.folder()));
        all.put("create in a folder of another", s -> user("open-create", s.fresh()));
        all.put("create in one's own folder", s -> user("open-create", s.outsideFolder().resolve("x")));
        all.put("create in a missing folder", s -> List.of("open-create", s.fresh().resolve("x")));
        all.put("create what exists", s -> List.of("open-create", s.file()));
        all.put("mkdir what exists", s -> List.of("mkdir", s.folder()));
        all.put("mknod without privilege", s -> user("mknod-device", s.outsideFolder().resolve("x")));
        all.put("unlink what is missing", s -> List.of("unlink", s.fresh()));
        all.put("unlink in a folder of another", s -> user("unlink", s.file()));
        all.put("unlink a folder", s -> List.of("unlink", s.folder()));
        all.put("rmdir a folder that is not empty", s -> List.of("rmdir", s.folder()));
        all.put("rmdir a file", s -> List.of("rmdir", s.file()));
        all.put("rename what is missing", s -> List.of("rename", s.fresh(), s.outsideFresh()));
        all.put("rename a folder into itself", s -> List.of("rename", s.folder(), s.folder().resolve("x")));
        all.put("rename without replacing what exists", s -> List.of("rename-noreplace", s.file(), s.other()));
        all.put("link to a file of another", s -> user("link", s.other(), s.outsideFolder().resolve("x")));
        all.put("link to a folder", s -> List.of("link", s.folder(), s.outsideFresh()));
        all.put("chmod a file of another", s -> user("chmod", s.other()));
        all.put("chmod one's own file", s -> user("chmod", s.file()));
        all.put("chown without privilege", s -> user("chown", s.other()));
        all.put("set the times of another's file", s -> user("utimensat", s.other()));
        all.put("truncate a file of another", s -> user("truncate", s.other()));
        all.put("truncate a folder", s -> List.of("truncate", s.folder()));
        all.put("set a trusted attribute without privilege", s -> user("setxattr", s.file(), "trusted.garrison"));
        all.put("set an attribute of no class", s -> List.of("setxattr", s.file(), "nonsense.garrison"));
        all.put("set a user attribute of one's own file", s -> user("setxattr", s.file(), "user.garrison"));
        all.put("set a user attribute of another's file", s -> user("setxattr", s.other(), "user.garrison"));
        all.put("remove an attribute that is missing", s -> List.of("removexattr", s.file(), "trusted.garrison"));
        all.put("set an ACL of another's file", s -> user("set-acl", s.other()));
        all.put("execute what is no program", s -> List.of("execve", s.file()));
        all.put("mount without privilege", s -> user("tmpfs-over", s.outsideFolder()));
        return all;
    }

    private static List<Object> user(Object... words) {
        return Stream.concat(Stream.of("--uid", USER), Stream.of(words)).toList();
    }

    @TestFactory
    Stream<DynamicTest> operation_onUnprotectedFiles_hasTheSameResultWithAndWithout() {
        Map<String, Outcome> with = new LinkedHashMap<>();
        guard.reload(new Policy(Mode.ENFORCE).rule("elsewhere", Attack.Rule.TREE, List.of(elsewhere.guarded()),
                EmbeddedGuard.EVERYTHING, ""));
        operations().forEach((name, words) -> with.put(name, run(words)));
        guard.settle();
        return operations().keySet().stream().map(name -> dynamicTest(name, () -> assertAll(
                () -> assertEquals(without.get(name).refused(), with.get(name).refused()),
                () -> assertEquals(List.of(), guard.reports(with.get(name).pid())))));
    }

    /** Were all of them let through, or all refused, the comparison above would say little. */
    @Test
    void operations_withoutFileGuard_haveManyDifferentResults() {
        List<String> results = without.values().stream().map(Outcome::refused).distinct().toList();
        assertTrue(results.size() > 10, results::toString);
    }

    private Outcome run(Function<Scene, List<Object>> words) {
        return attacks.run(words.apply(usersScene()).stream().map(Object::toString).toList());
    }
}
