// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

/** struct cfi_event of cfi_monitor.h, component for field. */
record CfiRecord(Header header, long address, long stackPointer, long before, long now, long cgroup, int sensor, int finding, int action,
        int number, int tgid, int pid, int uid, int euid, String comm, String symbol) {
    /** struct garrison_event. */
    record Header(long timeNs, int type, int generation) {}
}
