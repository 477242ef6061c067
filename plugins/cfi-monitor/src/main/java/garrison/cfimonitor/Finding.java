// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

/** What was found, in the order of enum cfi_finding. */
enum Finding {
    STACK_POINTER("stack_pointer"),
    FOREIGN_CALLER("foreign_caller"),
    UNKNOWN_CALL_SITE("unknown_call_site"),
    BROKEN_STACK("broken_stack"),
    CREDENTIALS_ALTERED("credentials_altered"),
    CREDENTIALS_REPLACED("credentials_replaced"),
    CREDENTIALS_SWAPPED("credentials_swapped"),
    TURNING_OFF("turning_off"),
    SWITCHED_OFF("switched_off"),
    SWITCHED_ON("switched_on"),
    LEARNT("learnt"),
    SKIPPED_ENTRY("skipped_entry");

    private final String word;

    Finding(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    static Finding of(int number) {
        return values()[number - 1];
    }
}
