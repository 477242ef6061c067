// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

/** What becomes of an act, from the freest to the strictest. */
public enum Standing {
    /** No rule covers it. */
    FREE("free"),
    /** Rules cover it, and all of them let this one through. */
    ALLOWED("allowed"),
    /** It is let through and told. */
    REPORTED("reported"),
    /** It is refused. */
    REFUSED("refused"),
    /** It is refused, and whoever tried is killed. */
    KILLED("killed");

    private final String word;

    Standing(String word) {
        this.word = word;
    }

    /** For people. */
    public String word() {
        return word;
    }
}
