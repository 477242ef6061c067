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
    FAILED,
    /** Good, but just this file was revoked. */
    REVOKED_DIGEST,
    /** Garrison, but started with variables by which others may put code into it: LD_*, JDK_*, JAVA_TOOL_OPTIONS, _JAVA_OPTIONS. */
    ENVIRONMENT,
    /** Garrison, and a file in its place that is not one of those of which it consisted, and not signed either. */
    FOREIGN_FILE,
    /** An interpreter that has opened no signed script yet. */
    NO_SCRIPT,
    /** An interpreter that was given an option, or no absolute path of a script as its first argument. */
    SCRIPT_OPTIONS,
    /** An interpreter that read something that is not signed: the script, or another file. */
    SCRIPT_UNSIGNED,
    /** A trusted loader, whose BPF program has no signature. */
    PROGRAM_UNSIGNED,
    /** A trusted loader, whose BPF program is signed, but no loader program (BPF_PROG_TYPE_SYSCALL). */
    PROGRAM_KIND,
    /** A trusted loader, which had its BPF program checked by another keyring than that of the policy. */
    PROGRAM_KEYRING,
    /** Good, but of a version below the policy's {@code minimum-versions}. */
    REVOKED_VERSION,
    /** A trusted loader, by its own privileges where the policy wants a token: {@code only-by-token}. */
    NO_TOKEN,
    /** The token would delegate commands of bpf(2) that the policy's {@code tokens} do not name. */
    TOKEN_CMDS,
    /** The token would delegate types of maps that the policy's {@code tokens} do not name. */
    TOKEN_MAPS,
    /** The token would delegate types of programs that the policy's {@code tokens} do not name. */
    TOKEN_PROGS,
    /** The token would delegate types of attachments that the policy's {@code tokens} do not name. */
    TOKEN_ATTACHS;

    /** As events write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static String word(int number) {
        return number >= 0 && number < values().length ? values()[number].word() : "reason_" + number;
    }
}
