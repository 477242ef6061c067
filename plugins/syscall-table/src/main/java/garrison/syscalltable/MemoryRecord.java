// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

/** struct syscall_table_memory_event, component for field. */
record MemoryRecord(Header header, long address, long leadsTo, int area, int number, int word, int restored, byte[] first,
        byte[] before, byte[] now, String owner) {
    /** struct garrison_event. */
    record Header(long timeNs, int type, int generation) {}
}
