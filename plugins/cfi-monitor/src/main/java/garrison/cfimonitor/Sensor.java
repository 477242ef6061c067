// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

/** What is watched, in the order of enum cfi_sensor. */
enum Sensor {
    COMMIT_CREDS("commit_creds", Action.BLOCK),
    PREPARE_KERNEL_CRED("prepare_kernel_cred", Action.BLOCK),
    OVERRIDE_CREDS("override_creds", Action.LOG),
    CALL_USERMODEHELPER("call_usermodehelper_exec", Action.BLOCK),
    SET_MEMORY_X("set_memory_x", Action.BLOCK),
    SET_MEMORY_RW("set_memory_rw", Action.BLOCK),
    KALLSYMS_LOOKUP_NAME("kallsyms_lookup_name", Action.LOG),
    CREDENTIALS("credentials", Action.BLOCK),
    SWITCHES("switches", Action.LOG),
    TEXT_POKE("text_poke", Action.BLOCK),
    TEXT_POKE_BP("text_poke_bp", Action.BLOCK),
    SMP_TEXT_POKE_SINGLE("smp_text_poke_single", Action.BLOCK),
    TEXT_POKE_COPY("text_poke_copy", Action.BLOCK),
    USERMODEHELPER("call_usermodehelper", Action.BLOCK);

    private final String word;
    private final Action usual;

    Sensor(String word, Action usual) {
        this.word = word;
        this.usual = usual;
    }

    /** The function's name, or what else it is called in settings and events. */
    String word() {
        return word;
    }

    /** What is done when the settings are silent. */
    Action usual() {
        return usual;
    }

    /** Whether it sits at the entry of the function that it is named after. */
    boolean isFunction() {
        return this != CREDENTIALS && this != SWITCHES;
    }

    /** Whether there is to be a sensor behind its entry too. Not in what the kernel sets kprobes with. */
    boolean hasLaterPlaces() {
        return switch (this) {
            case CREDENTIALS, SWITCHES, TEXT_POKE, TEXT_POKE_BP, SMP_TEXT_POKE_SINGLE, TEXT_POKE_COPY -> false;
            default -> true;
        };
    }

    /** Whether it may wait for a program to end, and so run for any time. */
    boolean waits() {
        return this == CALL_USERMODEHELPER || this == USERMODEHELPER;
    }

    /** The program that belongs to it. */
    String program() {
        return "cfi_" + word;
    }

    static Sensor of(int number) {
        return values()[number];
    }
}
