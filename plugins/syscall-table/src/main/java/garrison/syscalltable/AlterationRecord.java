// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

/** struct syscall_table_alteration_event, component for field. */
record AlterationRecord(Header header, long cgroup, long capabilities, long address, long id, byte[] helpers, int action,
        int command, int kind, int other, int result, int hasResult, int tgid, int pid, int ppid, int uid, int euid, int gid,
        String comm, String name, String owner, String oldValue, byte[] newValue) {
    /** struct garrison_event. */
    record Header(long timeNs, int type, int generation) {}
}
