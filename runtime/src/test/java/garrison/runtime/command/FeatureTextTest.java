// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.KernelFacts;
import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeatureTextTest {
    private static final List<JsonObject> SOME = JsonObject.of(JsonText.read("""
            {"f":[{"namespace":"garrison.kernel.hook","name":"file_open","answer":"yes","sleepable":"yes"},
                  {"namespace":"garrison.kernel.hook","name":"task_kill","answer":"yes","sleepable":"no"},
                  {"namespace":"garrison.kernel.hook","name":"file_truncate","answer":"no","reason":"r","remedy":"kernel 6.2 or later has it"},
                  {"namespace":"garrison.kernel.program","name":"lsm","answer":"inconclusive","reason":"not tried"},
                  {"namespace":"garrison.kernel.setting","name":"lockdown","answer":"yes","value":"none"}]}""")).objects("f");

    @Test
    void of_counts_andNamesWhatIsMissing() {
        String text = String.join("\n", FeatureText.of(SOME, false));
        assertTrue(text.contains("2 LSM hooks, 1 may sleep\n  missing: file_truncate (kernel 6.2)"), text);
        assertTrue(text.contains("0 program types\n  inconclusive: lsm") && text.contains("lockdown: none"), text);
        assertFalse(text.contains("task_kill"), text);
    }

    @Test
    void of_all_namesEverything() {
        String text = String.join("\n", FeatureText.of(SOME, true));
        assertTrue(text.contains("file_open (sleeps), task_kill"), text);
    }

    @Test
    void of_thisMachine_staysWithinTheTerminal() {
        List<String> lines = FeatureText.of(JsonObject.of(KernelFacts.here()).objects("features"), true);
        assertTrue(lines.stream().anyMatch(l -> l.contains("inode_rename")), lines.toString());
        lines.forEach(line -> assertTrue(line.length() <= StatusText.WIDTH, line));
    }
}
