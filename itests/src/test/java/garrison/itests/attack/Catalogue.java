// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import static garrison.itests.attack.Attack.Rule.TREE;
import static garrison.itests.attack.Attack.Trait.EVERYTHING;
import static garrison.itests.attack.Attack.Trait.HOLDS;
import static garrison.itests.attack.Attack.Trait.MOUNTS;
import static garrison.itests.attack.Attack.Trait.NAMELESS;
import static garrison.itests.attack.Attack.Trait.PROGRAM;
import static garrison.itests.attack.Effect.attribute;
import static garrison.itests.attack.Effect.changed;
import static garrison.itests.attack.Effect.gone;
import static garrison.itests.attack.Effect.noDump;
import static garrison.itests.attack.Effect.noXattr;
import static garrison.itests.attack.Effect.secretAt;
import static garrison.itests.attack.Effect.secretTold;
import static garrison.itests.attack.Effect.there;
import static garrison.itests.attack.Effect.told;
import static garrison.itests.attack.Effect.writableByAll;
import static garrison.itests.attack.Effect.xattr;
import static garrison.itests.attack.Operation.ATTRIBUTES;
import static garrison.itests.attack.Operation.CREATE;
import static garrison.itests.attack.Operation.DELETE;
import static garrison.itests.attack.Operation.EXECUTE;
import static garrison.itests.attack.Operation.LINK;
import static garrison.itests.attack.Operation.MOUNT;
import static garrison.itests.attack.Operation.READ;
import static garrison.itests.attack.Operation.RENAME;
import static garrison.itests.attack.Operation.WRITE;

import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/** All attacks. To add one: a row in itests/attacks if the system call is new, a row here. */
public final class Catalogue {
    private static final String XATTR = "trusted.garrison";
    private static final String ACL = "system.posix_acl_access";
    private static final String NO_HANDLES = "overlayfs gives file handles only when told to";
    private static final String NO_STACK = "tried on the file systems that layers lie on";
    private static final String NO_SHARING = "only XFS shares blocks between files";
    private static final String NO_MOVING = "only ext4 moves contents between inodes so";
    private static final FileTime LONG_AGO = FileTime.fromMillis(86_400_000);

    private static final List<Attack> ALL = Stream.of(writes(), roundabout(), below(), reads(), held(), creations(), removals(),
            renames(), links(), attributes(), executions(), mounts(), mountsAway()).flatMap(List::stream).map(AttackBuilder::build).toList();

    private Catalogue() {}

    /** Every attack, in a stable order. */
    public static List<Attack> all() {
        return ALL;
    }

    /** One by its name. */
    public static Attack named(String name) {
        return ALL.stream().filter(a -> a.name().equals(name)).findAny().orElseThrow(
                () -> new IllegalArgumentException("no attack " + name));
    }

    private static AttackBuilder attack(String name, Operation operation) {
        return new AttackBuilder(name, operation);
    }

    private static AttackBuilder write(String name) {
        return attack(name, WRITE).on(Scene::file).with(s -> List.of(s.file())).seen(changed(Scene::file));
    }

    private static List<AttackBuilder> writes() {
        return List.of(
                write("open-write"), write("open-rdwr"), write("open-append"), write("open-truncate"),
                write("open-read-truncate"), write("creat-over"), write("openat2-write"), write("uring-open-write"),
                write("openat-below").with(s -> List.of(s.guarded(), "file")),
                write("openat2-beneath").with(s -> List.of(s.guarded(), "file")),
                write("openat2-in-root").with(s -> List.of(s.guarded(), "/file")), write("uring-openat2-write"),
                write("truncate"), write("ftruncate-held").trait(HOLDS),
                write("uring-ftruncate-held").trait(HOLDS).since(6, 9, "IORING_OP_FTRUNCATE"), write("fallocate-punch"),
                write("fallocate-zero").only(Filesystem.Kind.EXT4, "only ext4 zeroes ranges"),
                write("copy-file-range").with(s -> List.of(s.evil(), s.file())),
                write("sendfile-into").with(s -> List.of(s.evil(), s.file())), write("splice-into"), write("vmsplice-into"),
                write("mmap-write"), write("mmap-held").trait(HOLDS), write("mprotect-held").trait(HOLDS));
    }

    private static List<AttackBuilder> roundabout() {
        return List.of(
                write("proc-fd-write"), write("proc-fd-upgrade"),
                write("handle-write").with(s -> List.of(s.file(), s.outside())).notOnOverlay(NO_HANDLES),
                write("handle-cold-write").with(s -> List.of(s.file(), s.outside())).trait(NAMELESS).notOnOverlay(NO_HANDLES),
                write("namespace-write"), write("user-namespace-write"),
                write("alias-write").with(s -> List.of(s.guarded(), "file", s.outsideFolder())),
                write("chroot-write").with(s -> List.of(s.guarded(), "/file")),
                write("symlink-write").with(s -> List.of(s.file(), s.outsideFresh())),
                write("proc-root-write"), write("proc-cwd-write").with(s -> List.of(s.guarded(), "file")),
                write("puppet-write").with(s -> List.of(s.helper(), s.file())).allowing(Scene::helper)
                        .before((s, attacker) -> s.addHelper(attacker.file())).unseen("a rule that lets a program through names its"
                                + " file: whoever may write to its memory does it in its place"),
                write("mount-setattr-write").with(s -> List.of(s.guarded(), "file", s.outsideFolder())),
                write("layer-write").with(s -> List.of(s.guarded(), "file", s.outside())).notOnOverlay(NO_STACK));
    }

    private static List<AttackBuilder> below() {
        return List.of(
                write("swapon").seen(told("swapped")).only(Filesystem.Kind.EXT4, "only ext4 holds swap files")
                        .before((s, attacker) -> attacker.run("make-swap", s.file().toString())),
                write("device-write").toldOf(s -> Filesystem.device(s.file())).trait(EVERYTHING)
                        .only(Filesystem.Kind.EXT4, "only ext4 lies on a block device"));
    }

    private static AttackBuilder read(String name) {
        return attack(name, READ).on(Scene::file).with(s -> List.of(s.file())).seen(secretTold());
    }

    private static List<AttackBuilder> reads() {
        return List.of(
                read("open-read"), read("openat2-read"), read("uring-read"), read("proc-fd-read"), read("mmap-read"),
                read("sendfile-out"),
                read("handle-read").with(s -> List.of(s.file(), s.outside())).notOnOverlay(NO_HANDLES),
                read("layer-read").with(s -> List.of(s.guarded(), "file", s.outside())).notOnOverlay(NO_STACK),
                read("read-folder").on(Scene::folder).with(s -> List.of(s.folder())).seen(told("deep")));
    }

    /** Seen where each read and write is asked about. */
    private static AttackBuilder used(AttackBuilder attack) {
        return attack.trait(HOLDS).setting("old-descriptors = true");
    }

    private static List<AttackBuilder> held() {
        return List.of(
                used(write("write-held")), used(write("uring-write-held")), used(write("fallocate-held")),
                used(write("uring-fallocate-held")), used(write("splice-held")),
                used(write("copy-range-held")).with(s -> List.of(s.evil(), s.file())),
                used(write("passed-write")), used(write("pidfd-getfd-write")),
                used(read("read-held")), used(read("uring-read-held")), used(read("sendfile-out-held")),
                used(read("read-folder-held")).on(Scene::folder).with(s -> List.of(s.folder())).seen(told("deep")),
                clone("clone-held"), clone("clone-range-held"),
                read("dedupe-held").trait(HOLDS).with(Catalogue::guess).seen(told("the same")).only(Filesystem.Kind.XFS, NO_SHARING),
                used(write("dedupe-into-held")).with(Catalogue::guess).seen(told("the same")).only(Filesystem.Kind.XFS, NO_SHARING),
                write("move-extents-donor-held").trait(HOLDS).with(s -> List.of(s.outsideFresh(), s.file()))
                        .only(Filesystem.Kind.EXT4, NO_MOVING).unseen("the kernel does not ask about the file that gives its blocks; opening it"
                                + " to write is seen"),
                write("swap-boot-held").trait(HOLDS).only(Filesystem.Kind.EXT4, NO_MOVING),
                read("swap-boot-out").with(s -> List.of(s.file(), s.outsideFresh())).only(Filesystem.Kind.EXT4, NO_MOVING),
                write("mapped-write").trait(HOLDS).unseen("the kernel is not asked when a program writes to memory that it has"
                        + " mapped; making such a mapping is seen"),
                read("mmap-read-held").trait(HOLDS).unseen("mappings to read are not asked about, since a program that is"
                        + " executed is mapped so; opening to read is seen"));
    }

    private static AttackBuilder clone(String name) {
        return write(name).trait(HOLDS).with(s -> List.of(s.outsideFresh(), s.file())).only(Filesystem.Kind.XFS, NO_SHARING);
    }

    /** What the file holds, and where to put it. */
    private static List<Object> guess(Scene scene) {
        return List.of(scene.file(), scene.outsideFresh(), scene.secret().strip());
    }

    private static AttackBuilder create(String name) {
        return attack(name, CREATE).on(Scene::fresh).rules(TREE).with(s -> List.of(s.fresh())).seen(there(Scene::fresh));
    }

    private static List<AttackBuilder> creations() {
        return List.of(
                create("open-create"), create("openat2-create"), create("uring-create"), create("mkdir"),
                create("uring-mkdir"), create("mknod-fifo"), create("mknod-device"), create("mknod-file"),
                create("symlink").with(s -> List.of("/etc/passwd", s.fresh())),
                create("uring-symlink").with(s -> List.of("/etc/passwd", s.fresh())),
                create("bind-socket").with(s -> List.of(s.guarded(), "fresh")),
                create("core-dump").with(s -> List.of(s.guarded(), "fresh")),
                create("alias-create").with(s -> List.of(s.guarded(), "fresh", s.outsideFolder())),
                create("tmpfile-link").told(LINK).with(s -> List.of(s.outside(), s.fresh()))
                        .notOnOverlay("overlayfs takes O_TMPFILE only on newer kernels"),
                create("link-in").program("link").told(LINK).with(s -> List.of(s.evil(), s.fresh())),
                create("rename-in").program("rename").told(RENAME).with(s -> List.of(s.evil(), s.fresh())),
                create("rename-folder-in").program("rename").told(RENAME)
                        .with(s -> List.of(s.outsideFolder(), s.fresh())));
    }

    private static AttackBuilder remove(String name) {
        return attack(name, DELETE).on(Scene::file).with(s -> List.of(s.file())).seen(gone(Scene::file));
    }

    private static List<AttackBuilder> removals() {
        return List.of(
                remove("unlink"), remove("uring-unlink"), remove("unlinkat").with(s -> List.of(s.guarded(), "file")),
                remove("rmdir").on(Scene::empty).with(s -> List.of(s.empty())).seen(gone(Scene::empty)),
                remove("uring-rmdir").on(Scene::empty).with(s -> List.of(s.empty())).seen(gone(Scene::empty)),
                // The kernel removes what is in the way of a dump, and makes the file anew.
                remove("core-dump-over").program("core-dump").with(s -> List.of(s.guarded(), "file")).seen(changed(Scene::file)),
                remove("rename-over").program("rename").told(RENAME).with(s -> List.of(s.evil(), s.file()))
                        .seen(changed(Scene::file)));
    }

    private static AttackBuilder rename(String name) {
        return attack(name, RENAME).on(Scene::file).with(s -> List.of(s.file(), s.outsideFresh())).seen(gone(Scene::file));
    }

    private static List<AttackBuilder> renames() {
        return List.of(
                rename("rename-away").program("rename"), rename("uring-rename"), rename("rename-noreplace"),
                rename("rename-whiteout").seen(secretAt(Scene::outsideFresh)).notOnOverlay("overlayfs makes its own whiteouts"),
                rename("rename-exchange").with(s -> List.of(s.evil(), s.file())).seen(changed(Scene::file)),
                rename("rename-within").program("rename").with(s -> List.of(s.file(), s.fresh())),
                rename("rename-folder-away").program("rename").on(Scene::folder)
                        .with(s -> List.of(s.folder(), s.outsideFresh())).seen(gone(Scene::folder)),
                rename("rename-root-away").program("rename").on(Scene::guarded)
                        .with(s -> List.of(s.guarded(), s.outsideFresh())).seen(gone(Scene::guarded)),
                rename("rename-ancestor").program("rename").on(Scene::guarded).toldOf(Scene::above)
                        .with(s -> List.of(s.above(), s.outsideFresh())).seen(gone(Scene::guarded)));
    }

    private static AttackBuilder link(String name) {
        return attack(name, LINK).on(Scene::file).with(s -> List.of(s.file(), s.outsideFresh()))
                .seen(secretAt(Scene::outsideFresh));
    }

    private static List<AttackBuilder> links() {
        return List.of(link("link-out").program("link"), link("link-path-fd"), link("link-proc-fd"), link("uring-link"));
    }

    private static AttackBuilder attributes(String name) {
        return attack(name, ATTRIBUTES).on(Scene::file).with(s -> List.of(s.file()));
    }

    private static AttackBuilder setXattr(String name) {
        return attributes(name).with(s -> List.of(s.file(), XATTR)).seen(xattr(Scene::file, XATTR));
    }

    private static AttackBuilder removeXattr(String name) {
        return attributes(name).with(s -> List.of(s.file(), XATTR)).seen(noXattr(Scene::file, XATTR))
                .before((s, attacker) -> attacker.run("setxattr", s.file().toString(), XATTR));
    }

    private static List<AttackBuilder> attributes() {
        return List.of(
                attributes("chmod").seen(writableByAll(Scene::file)), attributes("fchmod").seen(writableByAll(Scene::file)),
                attributes("fchmodat2").seen(writableByAll(Scene::file)).since(6, 6, "fchmodat2"),
                attributes("chmod-folder").program("chmod").on(Scene::folder).with(s -> List.of(s.folder()))
                        .seen(writableByAll(Scene::folder)),
                attributes("chown").seen(attribute(Scene::file, "unix:uid", 4711)),
                attributes("fchownat-empty-path").seen(attribute(Scene::file, "unix:uid", 4711)),
                attributes("utimensat").seen(attribute(Scene::file, "lastModifiedTime", LONG_AGO)),
                attributes("futimens").seen(attribute(Scene::file, "lastModifiedTime", LONG_AGO)),
                setXattr("setxattr"), setXattr("fsetxattr"), setXattr("setxattrat").since(6, 13, "setxattrat"),
                setXattr("uring-setxattr"), setXattr("uring-fsetxattr"), removeXattr("removexattr"),
                removeXattr("removexattrat").since(6, 13, "removexattrat"),
                attributes("set-acl").seen(xattr(Scene::file, ACL)),
                attributes("remove-acl").seen(noXattr(Scene::file, ACL))
                        .before((s, attacker) -> attacker.run("set-acl", s.file().toString())),
                attributes("set-flags").seen(noDump(Scene::file)), attributes("set-xflags").seen(noDump(Scene::file)),
                attributes("file-setattr").seen(noDump(Scene::file)).since(6, 17, "file_setattr"));
    }

    private static AttackBuilder execute(String name) {
        return attack(name, EXECUTE).on(Scene::program).trait(PROGRAM)
                .with(s -> List.of(s.program(), "mkdir", s.outsideFresh())).seen(there(Scene::outsideFresh));
    }

    private static List<AttackBuilder> executions() {
        return List.of(
                execute("execve"), execute("execveat"),
                execute("execve-interpreter").program("execve").with(s -> List.of(s.script()))
                        .before((s, attacker) -> s.writeScript("mkdir " + s.outsideFresh())),
                execute("mmap-execute").with(s -> List.of(s.program())).seen(told("mapped")),
                execute("mprotect-execute").with(s -> List.of(s.program())).seen(told("mapped")));
    }

    private static AttackBuilder mount(String name) {
        return attack(name, MOUNT).on(Scene::guarded).trait(MOUNTS).with(s -> List.of(s.outside(), s.guarded()))
                .seen(gone(Scene::file));
    }

    private static List<AttackBuilder> mounts() {
        return List.of(
                mount("bind-over"), mount("move-over"), mount("open-tree-over"),
                mount("tmpfs-over").with(s -> List.of(s.guarded())), mount("fsmount-over").with(s -> List.of(s.guarded())),
                mount("bind-over-file").program("bind-over").on(Scene::file).with(s -> List.of(s.evil(), s.file()))
                        .seen(changed(Scene::file)),
                mount("bind-over-inside").program("bind-over").on(Scene::folder)
                        .with(s -> List.of(s.outside(), s.folder())).seen(gone(Scene::deep)),
                mount("overlay-over").with(s -> List.of(s.outside(), s.second(), s.guarded())).notOnOverlay(NO_STACK)
                        .before((s, attacker) -> s.makeSecond()),
                mount("pivot-root-over").with(s -> List.of(s.above(), s.outsideFolder(), "guarded")).seen(told("pivoted")),
                mount("tmpfs-over-ancestor").program("tmpfs-over").toldOf(Scene::above).with(s -> List.of(s.above())));
    }

    private static AttackBuilder mountAway(String name) {
        return mount(name).with(s -> List.of(s.above(), s.outsideFolder())).before(Scene::mountAbove)
                .only(Filesystem.Kind.TMPFS, "has a tmpfs of its own");
    }

    private static List<AttackBuilder> mountsAway() {
        String stay = "; the files stay protected wherever they are mounted";
        return List.of(
                mountAway("move-away").unseen("mount(2) gives its hook what is moved as text" + stay),
                mountAway("move-mount-away").unseen("a mount is known by no file" + stay),
                mountAway("unmount").with(s -> List.of(s.above())).unseen("a mount is known by no file" + stay));
    }
}
