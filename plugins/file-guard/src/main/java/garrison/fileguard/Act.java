// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.util.List;

/**
 * What can be asked about one object, with the masks that the programs ask by (struct guard_question). Those that change names
 * are asked as they are within one directory; what leads out of a tree is an act of its own.
 */
enum Act {
    READ(Operation.READ),
    WRITE(Operation.WRITE),
    /** A new name in a directory. */
    CREATE(Operation.CREATE),
    DELETE(Operation.DELETE, Masks.REDIRECTS),
    RENAME(Operation.RENAME, Masks.REDIRECTS),
    LINK(Operation.LINK),
    ATTRIBUTES(Operation.ATTRIBUTES),
    EXECUTE(Operation.EXECUTE),
    MOUNT("mount", Operation.REDIRECTING, Operation.REDIRECTING, Operation.REDIRECTING),
    /** A rename or hard link that leads out of a tree. */
    LEAVE("leave the tree", 0, Operation.ALWAYS, 0);

    /** Apart, since an enum's own constants come first. */
    private static final class Masks {
        private static final int REDIRECTS = Operation.mask(List.of(Operation.WRITE, Operation.DELETE, Operation.RENAME));
    }

    private final String word;
    private final int onSelf;
    private final int onTree;
    private final int onAbove;

    Act(Operation operation) {
        this(operation, 0);
    }

    Act(Operation operation, int onAbove) {
        this(operation.word(), Operation.mask(List.of(operation)), Operation.mask(List.of(operation)), onAbove);
    }

    Act(String word, int onSelf, int onTree, int onAbove) {
        this.word = word;
        this.onSelf = onSelf;
        this.onTree = onTree;
        this.onAbove = onAbove;
    }

    /** As rules write it, where they do. */
    String word() {
        return word;
    }

    /** Which operations of a rule cover it, on an object that the rule protects itself. */
    int onSelf() {
        return onSelf;
    }

    /** The same, below the root of a tree. */
    int onTree() {
        return onTree;
    }

    /**
     * The same, on a name that a rule knows.
     *
     * @param known whether a rule knows the object too; else other names would end what is known of it
     */
    int onName(boolean known) {
        return onSelf | (!known && List.of(RENAME, LINK, LEAVE).contains(this) ? Operation.ALWAYS : 0);
    }

    /** The same, on a directory that leads to a protected place. */
    int onAbove() {
        return onAbove;
    }
}
