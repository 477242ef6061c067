// SPDX-License-Identifier: Apache-2.0
package garrison.itests.framework;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import garrison.framework.Garrison;
import garrison.framework.Status.PluginStatus;
import garrison.itests.Guest;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One hook, one plugin that refuses and one that only observes: the kernel asks the newest first, and none after a refusal. */
@Timeout(300)
class HookOrderTest {
    private static final int ATTEMPTS = 10;
    private static final Config CONFIG = ConfigFactory.parseString("garrison.plugins { observer { programs = [ hook_mkdir ] },"
            + " enforcer { mode = ENFORCE, programs = [ hook_mkdir ] } }");

    private final HookPlugin observer = new HookPlugin("observer");
    private final HookPlugin enforcer = new HookPlugin("enforcer");
    private final Path folder = Guest.scratch("order");

    private void attack() {
        for (int i = 0; i < ATTEMPTS; i++) {
            assertThrows(FileSystemException.class, () -> Files.createDirectory(folder.resolve("made")));
        }
    }

    private static PluginStatus status(Garrison garrison, String name) {
        return garrison.status().plugins().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void startedTogether_inEitherOrder_theObserverSeesWhatTheOtherRefuses_andTheRefuserIsRecorded() {
        try (Garrison garrison = Garrison.builder().config(CONFIG).plugin(observer).plugin(enforcer).start()) {
            attack();
            PluginStatus refused = status(garrison, "enforcer");
            PluginStatus seen = status(garrison, "observer");
            assertAll(() -> assertEquals(Map.of("inode_mkdir", (long) ATTEMPTS), refused.denials()),
                    () -> assertEquals(Map.of(), seen.denials()), () -> assertEquals("", seen.unseen()));
            Guest.await("both tell all", () -> observer.heard.get(HookPlugin.MKDIR) == ATTEMPTS
                    && enforcer.heard.get(HookPlugin.MKDIR) == ATTEMPTS);
        }
    }

    @Test
    void observerThatComesLater_seesAllToo() {
        try (Garrison garrison = Garrison.builder().config(CONFIG).plugin(enforcer).start()) {
            garrison.add(observer);
            attack();
            assertEquals("", status(garrison, "observer").unseen());
            Guest.await("both tell all", () -> observer.heard.get(HookPlugin.MKDIR) == ATTEMPTS
                    && enforcer.heard.get(HookPlugin.MKDIR) == ATTEMPTS);
        }
    }

    /** It is asked first then, and the observer no more: nothing is hidden silently. */
    @Test
    void enforcerThatComesLater_hidesItsRefusals_andTheStatusSaysSo() {
        try (Garrison garrison = Garrison.builder().config(CONFIG).plugin(observer).start()) {
            garrison.add(enforcer);
            attack();
            Guest.await("the refusals are told", () -> enforcer.heard.get(HookPlugin.MKDIR) == ATTEMPTS);
            String unseen = status(garrison, "observer").unseen();
            assertTrue(unseen.startsWith("what enforcer refuses at inode_mkdir is not seen"), unseen);
            assertEquals("", status(garrison, "enforcer").unseen());
            assertEquals(0, observer.heard.get(HookPlugin.MKDIR));
            garrison.remove(observer);
            garrison.add(observer);
            attack();
            assertEquals("", status(garrison, "observer").unseen());
            Guest.await("the observer sees all", () -> observer.heard.get(HookPlugin.MKDIR) == ATTEMPTS);
        }
    }
}
