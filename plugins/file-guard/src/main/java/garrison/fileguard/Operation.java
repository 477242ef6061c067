// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** What can be done to a protected object, by the word that rules and events use. The bits are those of file_guard.h. */
public enum Operation {
    /** Content, or the names in a directory, is read. */
    READ(1),
    /** Content is changed. */
    WRITE(1 << 1),
    /** A name comes into a directory. */
    CREATE(1 << 2),
    /** A name goes, or what it stood for is replaced. */
    DELETE(1 << 3),
    /** A name becomes another. */
    RENAME(1 << 4),
    /** A further name for the same file. */
    LINK(1 << 5),
    /** Mode, owner, times, flags, extended attributes, ACLs. */
    ATTRIBUTES(1 << 6),
    /** A program is run, or mapped as one. */
    EXECUTE(1 << 7),
    /** The place is hidden by a mount. */
    MOUNT(1 << 8);

    /** What moving, removing or covering a directory above a protected place may be covered by. */
    static final int REDIRECTING = WRITE.bit | CREATE.bit | DELETE.bit | RENAME.bit | MOUNT.bit;
    /** Of a type of file systems: all of it are protected. */
    static final int TYPED = 1 << 12;
    /** Of a file system: rules know names in directories on it. */
    static final int NAMES = 1 << 13;
    /** Of a file system: directories on it lead to protected places. */
    static final int LEADS = 1 << 14;
    /** In every rule: acts that would end the protection itself. */
    static final int ALWAYS = 1 << 15;

    private static final List<Operation> GRAVEST_FIRST =
            List.of(MOUNT, WRITE, EXECUTE, CREATE, DELETE, RENAME, LINK, ATTRIBUTES, READ);

    private final int bit;

    Operation(int bit) {
        this.bit = bit;
    }

    /** As rules and events write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static int mask(Collection<Operation> operations) {
        return operations.stream().mapToInt(o -> o.bit).reduce(0, (a, b) -> a | b);
    }

    /** Of several tried at once the gravest: an open for reading and writing is told as a write. */
    static Operation gravest(int mask) {
        return GRAVEST_FIRST.stream().filter(o -> (mask & o.bit) != 0).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no operation in 0x" + Integer.toHexString(mask)));
    }

    static List<String> words(int mask) {
        List<String> words = new ArrayList<>(2);
        for (Operation operation : values()) {
            if ((mask & operation.bit) != 0) {
                words.add(operation.word());
            }
        }
        return List.copyOf(words);
    }
}
