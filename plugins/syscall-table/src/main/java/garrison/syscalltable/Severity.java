// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

/** How an event is meant. */
public enum Severity {
    /** What administrators and their tools do too; worth keeping. */
    NOTICE,
    /** What nobody does to a healthy kernel. */
    ALARM
}
