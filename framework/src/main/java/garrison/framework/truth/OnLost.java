// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

/** What to do when programs stop running; it is told in any case. {@code garrison.on-enforcement-lost}. */
public enum OnLost {
    /** No more than telling. */
    REPORT,
    /** Switch on what was switched off ({@code kernel.ftrace_enabled}, debugfs {@code kprobes/enabled}) and look again. */
    RESTORE
}
