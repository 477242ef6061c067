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

    /** In every rule: acts that would end the protection itself. */
    static final int ALWAYS = 1 << 15;

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
