// SPDX-License-Identifier: Apache-2.0
package garrison.itests.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.FileAccessEvent;
import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import garrison.itests.Guest;
import garrison.itests.Policy;
import garrison.itests.attack.Attack;
import garrison.itests.attack.Operation;
import garrison.spi.EventsLost;
import garrison.spi.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * All kinds of work on files at once, none of it a rule's business, while somebody tries without a pause what a rule refuses and the
 * policy is edited again and again: nothing is refused that should not be, nothing gets through, no event is lost uncounted.
 */
@Timeout(3600)
class FileStressTest {
    private static final List<String> STRESSORS = List.of("access", "aio", "chdir", "chmod", "chown", "copy-file", "dentry", "dir", "dup",
            "fallocate", "fcntl", "filename", "flock", "fpunch", "getdent", "handle", "hdd", "io", "iomix", "link", "locka", "open",
            "readahead", "rename", "seek", "sendfile", "splice", "symlink", "sync-file", "touch", "utime", "xattr");
    /** Fails on its own mistakes and ends then; so it runs by itself. */
    private static final List<String> URING = List.of("--timeout", "3s", "--io-uring", "1");
    /** What a wrong refusal would be told as. Of other failures stressors have their own: calls that a signal interrupts, for example. */
    private static final Pattern REFUSAL = Pattern.compile("errno=(1|13)\\b|denied|not permitted|signal:? 9|SIGKILL");
    private static final long SHORT_SECONDS = 3;
    private static final long LOAD_SECONDS = Guest.isLong() ? 300 : 10;
    private static final int EDITS = Guest.isLong() ? 1_000 : 5;

    private final Path scratch = Guest.scratch("file-stress");
    private final Path working = make(scratch.resolve("working"));
    private final Path guarded = make(scratch.resolve("guarded"));
    private final Path report = scratch.resolve("report");
    private final Path file = guarded.resolve("file");
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger through = new AtomicInteger();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();
    /** Of others. */
    private final Set<String> wronglyTold = ConcurrentHashMap.newKeySet();
    private volatile boolean ended;

    private static Path make(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyKindOfWork_isUndisturbed_whileDenialsHoldAndAreCounted_andThePolicyIsEdited() throws Exception {
        Files.writeString(file, "secret\n");
        Set<String> without = refusals(start(load(SHORT_SECONDS)));
        Set<String> uringWithout = refusals(start(URING));
        try (Garrison garrison = Garrison.builder().config(policy(0).config()).plugin(new FileGuard())
                .on(FileAccessEvent.class, this::heard).on(EventsLost.class, event -> lost.addAndGet(event.count())).start()) {
            Process load = start(load(LOAD_SECONDS));
            Thread attacker = Thread.ofPlatform().name("attacker").start(this::attack);
            int edits = 0;
            while (load.isAlive() || edits < EDITS) {
                garrison.reload(policy(++edits).config());
            }
            assertNothingNew(without, refusals(load));
            assertNothingNew(uringWithout, refusals(start(URING)));
            ended = true;
            attacker.join();
            Guest.await(() -> refused + " refused, " + told + " told, " + lost + " lost, told of others: "
                    + wronglyTold.stream().limit(5).toList(), () -> told.get() + lost.get() >= refused.get());
            System.out.println("a load of " + LOAD_SECONDS + " s on files, " + edits + " policies: " + refused + " attempts refused, " + through
                    + " through, " + told + " told, " + lost + " counted as lost");
            assertAll(() -> assertEquals(0, through.get(), "through"), () -> assertTrue(refused.get() > 0, "the attack ran"),
                    () -> assertEquals(refused.get(), told.get() + lost.get(), "told or counted as lost"),
                    () -> assertEquals(Set.of(), wronglyTold, "told of what no rule covers"));
        }
        Files.writeString(file, "written without file-guard\n");
    }

    private static void assertNothingNew(Set<String> without, Set<String> with) {
        Set<String> added = new TreeSet<>(with);
        added.removeAll(without);
        assertEquals(Set.of(), added, "refused with a policy, and not without");
    }

    /** Each edit brings or takes a rule beside the one that must hold. */
    private Policy policy(int edit) {
        Policy policy = new Policy(Mode.ENFORCE).rule("held", Attack.Rule.TREE, guarded, Operation.WRITE, Operation.DELETE);
        return edit % 2 == 0 ? policy : policy.rule("other", Attack.Rule.OBJECT, make(scratch.resolve("other-" + edit % 10)), Operation.DELETE);
    }

    private void heard(FileAccessEvent event) {
        if (event.pid() == ProcessHandle.current().pid() && event.path().equals(file.toString())) {
            told.incrementAndGet();
        } else {
            wronglyTold.add(event.toString());
        }
    }

    private void attack() {
        while (!ended) {
            try {
                Files.newByteChannel(file, StandardOpenOption.WRITE).close();
                through.incrementAndGet();
            } catch (FileSystemException e) {
                refused.incrementAndGet();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private List<String> load(long seconds) {
        List<String> words = new ArrayList<>(List.of("--timeout", seconds + "s", "--chdir-dirs", "64", "--hdd-bytes", "8m",
                "--readahead-bytes", "8m", "--iomix-bytes", "8m", "--copy-file-bytes", "128m"));
        STRESSORS.forEach(each -> words.addAll(List.of("--" + each, "1")));
        return words;
    }

    private Process start(List<String> words) throws IOException {
        List<String> command = new ArrayList<>(List.of("stress-ng", "--temp-path", working.toString()));
        command.addAll(words);
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(report.toFile()).start();
    }

    /** What a run was refused, without process numbers. */
    private Set<String> refusals(Process ended) throws IOException, InterruptedException {
        assertTrue(ended.waitFor(Guest.PATIENCE.toSeconds(), TimeUnit.SECONDS), "stress-ng ends");
        try (Stream<String> lines = Files.lines(report)) {
            return lines.filter(REFUSAL.asPredicate()).map(line -> line.replaceFirst(".*\\] ", "").replaceAll("[0-9]{3,}", "N"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
