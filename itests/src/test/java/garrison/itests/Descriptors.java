// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The descriptors that this process holds, each by what it is open on, so that a growth names what was left open.
 *
 * @param targets as the kernel names them, for example {@code anon_inode:bpf-map}; of pipes and sockets the kind alone
 */
public record Descriptors(List<String> targets) {
    /** Those open now, but for jars: Java opens one where a class of it is first used. */
    public static Descriptors now() {
        List<String> targets = new ArrayList<>();
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            open.map(Descriptors::target).filter(target -> !target.endsWith(".jar")).forEach(targets::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Descriptors(targets);
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().replaceFirst("^(pipe|socket):.*", "$1");
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    /** Those that were not open before. */
    public List<String> since(Descriptors before) {
        List<String> added = new ArrayList<>(targets);
        before.targets.forEach(added::remove);
        added.removeIf("closed meanwhile"::equals);
        return added;
    }

    /** Waits, since other threads open and close, until there is none that was not open before. */
    public void awaitNoneMore() {
        Guest.await(() -> "left open: " + now().since(this), () -> now().since(this).isEmpty());
    }
}
