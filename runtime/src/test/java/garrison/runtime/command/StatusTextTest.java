// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.runtime.json.JsonObject;
import garrison.runtime.json.JsonText;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTextTest {
    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");

    @Test
    void status_ofARunningAndAFailedPlugin_fits100ColumnsAndTellsAll() {
        String reason = "file_guard.bpf.o: program guard_file_open (lsm/file_open): the kernel refused it with EINVAL on "
                + "6.18.44-fc-v595; " + "x".repeat(150) + "\nsecond paragraph";
        JsonObject status = json("""
                {"version":"1.2","pid":42,"since":"2026-01-01T22:58:00.000000000Z","config":"/etc/garrison/garrison.conf",
                 "kernel":{"release":"6.12.1","active_lsms":["bpf"],"bpf_lsm":{"answer":"yes"},"libbpf":"v1.5"},
                 "mechanisms":[{"mechanism":"lsm","runs":"yes","since":"2026-01-01T23:00:00Z","reason":"r1"},
                  {"mechanism":"trampoline","runs":"no","since":"2026-01-01T23:59:58Z","reason":"r2"}],
                 "plugins":[
                  {"name":"file-guard","state":"ACTIVE","reason":"","mode":"ENFORCE","since":"2026-01-01T23:59:50.000000000Z","object":"o",
                   "attached":[{"program":"a","kind":"lsm","hook":"file_open"},{"program":"b","kind":"lsm","hook":"inode_link"}],
                   "events":{"sent":7,"received":5,"dropped":2,"unbound":0,"failed":1,"sampled_out":12},
                   "denials":{"file_open":12,"inode_link":1},"unseen":"what other refuses at file_open is not seen",
                   "budget":{"ns_per_event":2000,"on_overrun":"sample","over":true,"sampling":4,"programs":[
                    {"program":"a","hook":"file_open","runs":500,"ns_per_run":2750},{"program":"b","runs":9,"ns_per_run":70}]},
                   "figures":{"rules":"3","protected objects":"1000","cannot do here":"%s"}},
                  {"name":"broken","state":"FAILED","reason":%s,"mode":"AUDIT","since":"2025-12-25T00:00:00Z","attached":[],"events":{},
                   "figures":{}}],
                 "trust":{"required":true,"anchors":["CN=Release (SHA-256 ab, /etc/a.pem)","CN=Spare (SHA-256 cd, /etc/b.pem)"],"revoked":2,
                   "own":{"core.bpf.o":"checked by Garrison and by the kernel","pins.bpf.o":"unsigned"}},
                 "absent":["file-gaurd"],"listeners":[{"name":"l","lost":3}],
                 "bundles":[{"name":"file-guard","state":"ACTIVE","version":"1.0.0","reason":""}]}
                """.formatted("word ".repeat(40), JsonText.write(reason)));
        List<String> lines = StatusText.status(status, NOW);
        String text = String.join("\n", lines);
        assertTrue(lines.stream().allMatch(l -> l.length() <= StatusText.WIDTH), text);
        assertTrue(text.contains("garrison 1.2, process 42, running for 1 h 2 min"), text);
        assertTrue(text.contains("BPF LSM: yes"), text);
        assertTrue(text.replaceAll("\\s+", " ").contains("BPF objects must be signed by CN=Release (SHA-256 ab, /etc/a.pem) or by"
                + " CN=Spare (SHA-256 cd, /etc/b.pem); 2 revoked; Garrison's own: core.bpf.o checked by Garrison and by the kernel") && !text.contains("pins.bpf.o"), text);
        assertTrue(text.contains("whether trampoline programs run: no for 2 s (r2)") && !text.contains("r1"), text);
        assertTrue(lines.stream().anyMatch(l -> l.matches("file-guard +ACTIVE +10 s +ENFORCE +2 +5 +2")), text);
        assertTrue(lines.stream().anyMatch(l -> l.matches("broken +FAILED +8 d 0 h +AUDIT +0 +0 +0")), text);
        assertTrue(text.contains("rules: 3; protected objects: 1000"), text);
        assertTrue(text.contains("1 records on which the plugin's handler failed"), text);
        assertTrue(text.replaceAll("\\s+", " ").contains("OVER BUDGET: dearest program a, 2750 ns a run of 2000; one event of 4 is told;"
                + " 12 events sampled out"), text);
        assertTrue(text.contains("refused: file_open 12, inode_link 1"), text);
        assertTrue(text.contains("what other refuses at file_open is not seen"), text);
        assertTrue(text.contains("second paragraph"), text);
        assertTrue(text.replaceAll("[\\s]", "").contains("x".repeat(150)), "nothing is cut from a reason: " + text);
        assertTrue(text.contains("file-gaurd is configured, but no bundle brings"), text);
        assertTrue(text.contains("3 events were lost"), text);
    }

    @Test
    void text_thatATerminalObeys_isShownHarmless() {
        JsonObject status = json("""
                {"plugins":[{"name":"a\\u001b[2J","state":"FAILED","reason":"see \\u009b31m and \\u202e","figures":{"k\\u0007":"v\\r"}}]}
                """);
        String text = String.join("\n", StatusText.status(status, NOW));
        assertTrue(text.chars().allMatch(c -> c == '\n' || c >= 0x20 && c < 0x7f || c > 0x9f && c != 0x202e), text);
        assertTrue(text.contains("a?[2J"), text);
    }

    @Test
    void status_ofAnInstanceOfAnotherVersion_isShownAsFarAsItGoes() {
        assertTrue(StatusText.status(json("{}"), NOW).contains("no plugin"));
        assertTrue(StatusText.status(json("{\"plugins\":[{}],\"bundles\":7,\"kernel\":[]}"), NOW).size() > 2);
    }

    @Test
    void plugins_inFull_listTheirPrograms() {
        String text = String.join("\n", StatusText.pluginsInFull(json("""
                {"plugins":[{"name":"p","state":"ACTIVE","mode":"AUDIT","object":"o.bpf.o",
                 "checked_by":"checked by Garrison and by the kernel","figures":{"rules":"1"},
                 "actual":"NONE","shortfall":"switched off",
                 "attached":[{"program":"guard","kind":"lsm","hook":"file_open","strategy":"fmod_ret/security_file_open"}],
                 "budget":{"programs":[{"program":"guard","runs":500,"ns_per_run":2750}]}}]}
                """).objects("plugins"), NOW));
        assertTrue(text.contains("p: ACTIVE in mode AUDIT"), text);
        assertTrue(text.contains("object o.bpf.o (checked by Garrison and by the kernel)"), text);
        assertTrue(text.matches("(?s).*file_open +fmod_ret/security_file_open +guard +500 +2750.*"), text);
        assertTrue(text.contains("REQUESTED AUDIT, ACTUAL NONE: switched off"), text);
    }

    private static JsonObject json(String text) {
        return JsonObject.of(JsonText.read(text));
    }
}
