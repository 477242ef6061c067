// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import java.util.Locale;

/** Why a process is not trusted, by the word that events use. In the order of enum trusted_bpf_reason of trusted_bpf.h. */
public enum Reason {
    /** It is. */
    TRUSTED,
    /** Its program has no signature, or was started before the gate was there. */
    UNSIGNED,
    /** Signed, but the file is not sealed by fs-verity. */
    NO_VERITY,
    /** Signed, but its file system knows no fs-verity, or was made without it. */
    NO_VERITY_HERE,
    /** Signed by a key of which we have no certificate. */
    WRONG_KEY,
    /** The signature is that of other contents, or was altered itself. */
    ALTERED,
    /** What stands for a signature is none. */
    MALFORMED,
    /** The signature is longer than 1,023 bytes. */
    TOO_LONG,
    /** Good, by a certificate that has run out. */
    EXPIRED,
    /** Good, by a certificate that was revoked. */
    REVOKED,
    /** The file may not be read by who runs it. */
    UNREADABLE,
    /** The kernel has our keyring no more. */
    NO_KEYRING,
    /** Signed, but started under a tracer. */
    TRACED,
    /** Signed, but started as a script's interpreter. */
    SCRIPT,
    /** Was trusted until a process that is not got hold of it. */
    WAS_TRACED,
    /** Was trusted until it mapped an unsigned file to be executed. */
    MAPPED,
    /** The file's digest is neither SHA-256 nor SHA-512. */
    DIGEST,
    /** Something else; the event's error is the kernel's word. */
    FAILED;

    /** As events write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static String word(int number) {
        return number >= 0 && number < values().length ? values()[number].word() : "reason_" + number;
    }
}
