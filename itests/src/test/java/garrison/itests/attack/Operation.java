// SPDX-License-Identifier: Apache-2.0
package garrison.itests.attack;

import java.util.Locale;

/** What an attack does to a protected object, by the word that a rule and an event use for it. */
public enum Operation {
    /** Content or names of a folder are read. */
    READ,
    /** Content is changed. */
    WRITE,
    /** A name comes into a folder. */
    CREATE,
    /** A name goes, or what it stood for is replaced. */
    DELETE,
    /** A name is another. */
    RENAME,
    /** A further name for the same file. */
    LINK,
    /** Mode, owner, times, flags, extended attributes. */
    ATTRIBUTES,
    /** A program is run. */
    EXECUTE,
    /** The place is covered by another file system. */
    MOUNT;

    /** As rules and events write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
