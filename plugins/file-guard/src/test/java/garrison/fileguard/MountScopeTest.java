// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.fileguard.MountScope.Reach;
import garrison.fileguard.MountScope.Seen;
import garrison.spi.FileId;
import garrison.spi.FileIds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which changes of the mounts mean anything to a policy. */
class MountScopeTest {
    private static final List<String> BEFORE = List.of(
            "21 1 8:1 / / rw - ext4 /dev/sda1 rw",
            "22 21 0:20 / /srv/tree/in rw - tmpfs tmpfs rw",
            "23 21 0:21 / /run rw - tmpfs tmpfs rw");

    private final MountScope scope = new MountScope(List.of(new Reach(List.of(), List.of(Path.of("/srv/tree")), List.of()),
            new Reach(List.of(Path.of("/etc/passwd")), List.of(), List.of()), new Reach(List.of(), List.of(), List.of("vfat"))));
    private final Map<Path, FileId> roots = new HashMap<>();
    private final FileIds files = paths -> {
        List<FileId> ids = new ArrayList<>();
        for (Path path : paths) {
            if (roots.get(path) == null) {
                throw new FileIds.FileNotFound(path, "No such file or directory");
            }
            ids.add(roots.get(path));
        }
        return ids;
    };

    private Mounts mounts(String... more) {
        Mounts mounts = Mounts.parse(Stream.concat(BEFORE.stream(), Stream.of(more)).toList());
        mounts.points().forEach(point -> roots.putIfAbsent(point, new FileId(roots.size(), 1, 7)));
        return mounts;
    }

    private Set<Path> fresh(Set<Seen> known, String... more) {
        return scope.fresh(mounts(more), files, known).stream().map(Seen::place).collect(Collectors.toSet());
    }

    private Set<Seen> known() {
        return scope.seen(mounts(), roots);
    }

    @Test
    void mountElsewhere_meansNothing() {
        Set<Seen> known = known();
        assertAll(
                () -> assertEquals(Set.of(), fresh(known)),
                () -> assertEquals(Set.of(), fresh(known, "24 21 0:30 / /var/lib/pods/1 rw - overlay overlay rw")),
                () -> assertEquals(Set.of(), fresh(known, "24 21 0:30 / /srv/treetop rw - tmpfs tmpfs rw")),
                () -> assertEquals(Set.of(), fresh(known, "24 21 0:30 / /etc/shadow rw - tmpfs tmpfs rw"), "no object of the policy"));
    }

    @Test
    void mountBelowATree_isFresh_andHoweverDeep() {
        Set<Seen> known = known();
        assertAll(
                () -> assertEquals(Set.of(Path.of("/srv/tree/a/b")), fresh(known, "24 21 0:30 / /srv/tree/a/b rw - tmpfs tmpfs rw")),
                () -> assertEquals(Set.of(Path.of("/srv/tree/in/deep")), fresh(known, "24 21 0:31 / /srv/tree/in/deep rw - tmpfs tmpfs rw")));
    }

    @Test
    void mountOverAPlace_orOverADirectoryAboveIt_isFresh() {
        Set<Seen> known = known();
        assertAll(
                () -> assertEquals(Set.of(Path.of("/srv/tree")), fresh(known, "24 21 0:30 / /srv rw - tmpfs tmpfs rw")),
                () -> assertEquals(Set.of(Path.of("/srv/tree")), fresh(known, "24 21 0:31 / /srv/tree rw - tmpfs tmpfs rw")),
                () -> assertEquals(Set.of(Path.of("/etc")), fresh(known, "24 21 0:32 / /etc rw - tmpfs tmpfs rw"), "where the name lies"),
                () -> assertEquals(Set.of(Path.of("/etc/passwd")), fresh(known, "24 21 8:1 /f /etc/passwd rw - ext4 /dev/sda1 rw")));
    }

    @Test
    void fileSystemOfANamedType_isFresh_otherTypesAreNot() {
        Set<Seen> known = known();
        assertAll(
                () -> assertEquals(Set.of(Path.of("/media/usb")), fresh(known, "24 21 8:17 / /media/usb rw - vfat /dev/sdb1 rw")),
                () -> assertEquals(Set.of(), fresh(known, "24 21 8:17 / /media/cd rw - iso9660 /dev/sr0 rw")),
                () -> assertEquals(List.of("vfat"), scope.unmounted(mounts())));
    }

    @Test
    void anotherFileSystemAtTheSamePoint_isFresh_thoughItsNumbersAreTheSame() {
        Set<Seen> known = known();
        roots.put(Path.of("/srv/tree/in"), new FileId(roots.get(Path.of("/srv/tree/in")).device(), 1, 8));
        assertEquals(Set.of(Path.of("/srv/tree/in")), fresh(known));
    }

    @Test
    void placeThatIsBackOnAnotherMount_isFresh_thoughThatIsKnownForOtherPlaces() {
        MountScope two = new MountScope(List.of(new Reach(List.of(Path.of("/run/a/file"), Path.of("/etc/passwd")), List.of(), List.of())));
        mounts();
        Set<Seen> known = two.seen(mounts(), roots);
        Mounts without = Mounts.parse(BEFORE.subList(0, 2));
        assertEquals(Set.of(Path.of("/run/a")), two.fresh(without, files, known).stream().map(Seen::place).collect(Collectors.toSet()));
    }

    @Test
    void mountThatGoes_takesNothingAway_andIsKnownWhenItIsBack() {
        Set<Seen> known = known();
        Mounts without = Mounts.parse(List.of(BEFORE.get(0), BEFORE.get(2)));
        assertAll(
                () -> assertEquals(Set.of(), scope.fresh(without, files, known)),
                () -> assertEquals(Set.of(), fresh(known)));
    }

    @Test
    void mountThatIsHiddenByAnother_isNoPlace() {
        Set<Seen> known = known();
        Mounts hidden = mounts("24 21 0:30 / /srv/tree/gone rw - tmpfs tmpfs rw");
        roots.remove(Path.of("/srv/tree/gone"));
        assertEquals(Set.of(), scope.fresh(hidden, files, known));
    }

    @Test
    void policyWithoutPlaces_isNotAboutMounts() {
        assertAll(
                () -> assertTrue(new MountScope(List.of()).isEmpty()),
                () -> assertFalse(new MountScope(List.of(new Reach(List.of(), List.of(), List.of("vfat")))).isEmpty()),
                () -> assertFalse(scope.isEmpty()));
    }
}
