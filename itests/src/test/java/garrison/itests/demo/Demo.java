// SPDX-License-Identifier: Apache-2.0
package garrison.itests.demo;

import garrison.itests.AttachedBpf;
import garrison.itests.EventLines;
import garrison.itests.GarrisonProcess;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.Report;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Campaign;
import garrison.itests.attack.Catalogue;
import garrison.itests.attack.Filesystem;
import garrison.itests.attack.Operation;
import garrison.itests.attack.Outcome;
import garrison.itests.attack.Result;
import garrison.itests.attack.Scene;
import garrison.itests.attack.Trial;
import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What Garrison is, on one screen: the real program guards a folder of a real kernel against a dozen attacks, each first
 * shown to succeed without it. Exits with 0 only if all is as it must be.
 */
public final class Demo {
    /** Attacks of the catalogue, in the words of the screen. */
    private enum Shown {
        WRITE("open-write", "open a file to write", "open"),
        TRUNCATE("truncate", "cut it off", "truncate"),
        REOPEN("proc-fd-write", "reopen it by /proc/self/fd", "open"),
        MAPPING("mmap-held", "map a descriptor it already holds", "mmap"),
        HANDLE("handle-read", "read it by file handle, no path", "open_by_handle_at"),
        ALIAS("alias-write", "write through a bind mount elsewhere", "mount, open"),
        CREATE("open-create", "drop a new file into the folder", "open"),
        TMPFILE("tmpfile-link", "link a nameless file into it", "linkat"),
        UNLINK("uring-unlink", "delete a file", "io_uring unlinkat"),
        REPLACE("rename-over", "put another file over it", "rename"),
        EXCHANGE("rename-exchange", "swap it with another", "renameat2"),
        ANCESTOR("rename-ancestor", "move the folder's parent away", "rename"),
        LINK("link-out", "hard link it elsewhere, to write there", "link"),
        CHMOD("chmod", "let everyone write it", "chmod"),
        EXECUTE("execve", "run a guarded program", "execve"),
        COVER("open-tree-over", "mount something over the folder", "move_mount");

        private final String attack;
        private final String words;
        private final String call;

        Shown(String attack, String words, String call) {
            this.attack = attack;
            this.words = words;
            this.call = call;
        }
    }

    private static final int MANY = 1000;
    private static final List<Trial> TRIALS = Stream.of(Shown.values())
            .map(shown -> new Trial(Catalogue.named(shown.attack), Attack.Rule.TREE)).toList();

    private final Path folder = Guest.scratch("demo");
    /** This program looks whether attacks had an effect, so the policy lets it through. */
    private final Path java = Path.of(ProcessHandle.current().info().command().orElseThrow());
    private final List<String> wrong = new ArrayList<>();

    private Demo() {}

    /** Runs it; no arguments. */
    public static void main(String[] arguments) throws IOException {
        Instant begin = Instant.now();
        Demo demo = new Demo();
        try (Filesystem disk = Filesystem.mount(Filesystem.Kind.EXT4, demo.folder.resolve("disk"))) {
            demo.show(disk.folder());
        } catch (AssertionError e) {
            demo.wrong.add(e.getMessage());
        }
        demo.wrong.forEach(problem -> System.out.println("WRONG: " + problem));
        System.out.printf("%s, in %d s.%n", demo.wrong.isEmpty() ? "All as it must be" : demo.wrong.size() + " things are WRONG",
                Duration.between(begin, Instant.now()).toSeconds());
        System.exit(demo.wrong.isEmpty() ? 0 : 1);
    }

    private void show(Path disk) throws IOException {
        System.out.printf("Garrison guards files by BPF programs on the kernel's own security hooks; a JVM brings the policy and%n"
                + "hears the events. Here: bin/garrison with the bundle file-guard, Linux %s, ext4.%n%n",
                Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
        List<Result> off = campaign(disk, "off").run();
        Campaign audit = campaign(disk, "audit");
        long started = System.nanoTime();
        try (GarrisonProcess garrison = GarrisonProcess.start(folder, guarding(Mode.AUDIT, audit)).awaitStarted()) {
            System.out.printf("garrison run: file-guard %s after %.1f s, %d BPF programs attached. Its policy:%n",
                    garrison.plugin("file-guard").get("state"), (System.nanoTime() - started) / 1e9, AttachedBpf.links().size());
            System.out.printf("  { name = secrets, trees = [ the folders attacked below ],%n    operations = [ %s ],%n"
                    + "    allow = [ { executable = %s } ] }%n%n", String.join(", ", words()), java);
            try (EventLines events = garrison.events()) {
                firstEvent(events, audit);
                List<Result> audited = audit.run();
                Campaign enforce = campaign(disk, "enforce");
                reload(garrison, guarding(Mode.ENFORCE, enforce), events);
                List<Result> enforced = enforce.run();
                settle(events, enforced.getLast());
                table(off, audited, enforced, events);
                swap(garrison, disk, events);
            }
            end(garrison, disk);
        }
    }

    private Campaign campaign(Path disk, String name) {
        return new Campaign(disk.resolve(name), TRIALS, Guest.attacks());
    }

    private Policy guarding(Mode mode, Campaign campaign) {
        List<Path> trees = campaign.scenes().values().stream().map(Scene::guarded).toList();
        return policy(mode).rule("secrets", Attack.Rule.TREE, trees, List.of(Operation.values()), Policy.allow(java, null));
    }

    private Policy policy(Mode mode) {
        return new Policy(mode).runtime(GarrisonProcess.runtime(folder, "bundles = [ file-guard ]"));
    }

    private static List<String> words() {
        return Arrays.stream(Operation.values()).map(Operation::word).toList();
    }

    /** Events are told from when the reader is there: some act until one is. */
    private void firstEvent(EventLines events, Campaign campaign) {
        Scene any = campaign.scenes().values().iterator().next();
        Guest.await("the first event", () -> {
            Guest.attacks().run("open-read", any.other().toString());
            return !events.all().isEmpty();
        });
    }

    /** SIGHUP, so that no time goes into starting a client; done when it is told. */
    private void reload(GarrisonProcess garrison, Policy policy, EventLines events) {
        long before = changes(events);
        GarrisonProcess.configure(folder, policy);
        garrison.hangUp();
        Guest.await("the reload", () -> changes(events) > before);
    }

    private static long changes(EventLines events) {
        return events.all().stream().filter(e -> e.get("type").equals("plugin_changed")).count();
    }

    private static void settle(EventLines events, Result last) {
        Guest.await("the last event", () -> !events.reports(last.outcome().pid()).isEmpty());
    }

    private void table(List<Result> off, List<Result> audited, List<Result> enforced, EventLines events) {
        System.out.printf("%-39s %-18s %-5s %-6s %-8s %s%n", "ATTACK, AS ROOT", "SYSTEM CALL", "OFF", "AUDIT", "ENFORCE",
                "EVENT REPORTED");
        for (Shown shown : Shown.values()) {
            int i = shown.ordinal();
            List<Report> let = events.reports(audited.get(i).outcome().pid());
            List<Report> refused = events.reports(enforced.get(i).outcome().pid());
            check(succeeded(off.get(i)), shown + " did not succeed without Garrison: " + off.get(i));
            check(succeeded(audited.get(i)), shown + " did not succeed in AUDIT: " + audited.get(i));
            check(!let.isEmpty() && let.stream().noneMatch(Report::denied), shown + " was told in AUDIT as " + let);
            check(enforced.get(i).outcome().denied() && !enforced.get(i).seen(), shown + " got through: " + enforced.get(i));
            check(refused.size() == 1 && refused.getFirst().denied(), shown + " was told in ENFORCE as " + refused);
            System.out.printf("%-39s %-18s %-5s %-6s %-8s %s%n", shown.words, shown.call, word(off.get(i)),
                    word(audited.get(i)), word(enforced.get(i)),
                    refused.isEmpty() ? "-" : event(refused.getFirst(), enforced.get(i)));
        }
        System.out.println("done = its effect was seen on the disk; a refused attack left no trace there.");
    }

    private static String event(Report report, Result result) {
        return report.operation() + " " + report.path().replace(result.scene().root() + "/", "");
    }

    private static boolean succeeded(Result result) {
        return !result.seenBefore() && result.seen() && result.outcome().exit() == 0;
    }

    private static String word(Result result) {
        return result.seen() && result.outcome().exit() != 0 ? "BROKEN" : result.outcome().word();
    }

    /** Someone writes to a file without pause while the policy that protects it comes: when is he first refused? */
    private void swap(GarrisonProcess garrison, Path disk, EventLines events) throws IOException {
        List<Path> paths = new ArrayList<>();
        Path many = Files.createDirectory(disk.resolve("many"));
        for (int i = 0; i < MANY; i++) {
            paths.add(Files.writeString(many.resolve("file-" + i), "secret\n"));
        }
        Policy policy = policy(Mode.ENFORCE).rule("many", Attack.Rule.OBJECT, paths, List.of(Operation.WRITE), "");
        Path victim = paths.getLast();
        long self = ProcessHandle.current().pid();
        Instant edited = Instant.now();
        GarrisonProcess.configure(folder, policy);
        garrison.hangUp();
        long attempts = writeUntilRefused(victim);
        Guest.await("the event of the first refusal", () -> !events.reports(self).isEmpty());
        Duration took = Duration.between(edited, events.reports(self).getFirst().time());
        System.out.printf("%nPolicy edited while it runs: %,d protected files are enforced %,d ms after the edit (by the kernel's%n"
                + "clock; %,d writes of a running process went through until then, none after).%n", MANY, took.toMillis(), attempts);
        for (int i : new int[] {0, MANY / 2, MANY - 1}) {
            Outcome outcome = Guest.attacks().run("open-write", paths.get(i).toString());
            check(outcome.denied(), paths.get(i) + " is not protected: " + outcome);
        }
        for (int i = 0; i < 1000; i++) {
            check(refusesWrite(victim), "a write got through after the first refusal");
        }
    }

    private static long writeUntilRefused(Path victim) {
        long end = System.nanoTime() + Guest.PATIENCE.toNanos();
        long attempts = 0;
        while (!refusesWrite(victim)) {
            attempts++;
            if (System.nanoTime() > end) {
                throw new AssertionError("never refused");
            }
        }
        return attempts;
    }

    private static boolean refusesWrite(Path victim) {
        try {
            Files.newOutputStream(victim, StandardOpenOption.WRITE).close();
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private void end(GarrisonProcess garrison, Path disk) {
        int attached = AttachedBpf.links().size();
        long begin = System.nanoTime();
        int exit = garrison.terminate();
        double took = (System.nanoTime() - begin) / 1e9;
        int left = AttachedBpf.links().size();
        Outcome again = Guest.attacks().run("open-write", disk.resolve("many/file-0").toString());
        System.out.printf("SIGTERM: exit %d after %.1f s; bpftool link: %d before, %d after; the first attack again: %s.%n%n",
                exit, took, attached, left, again.word());
        check(exit == 0 && attached > 0 && left == 0 && again.exit() == 0, "it did not end in good order:\n" + garrison.log());
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            wrong.add(otherwise);
        }
    }
}
