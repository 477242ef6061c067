// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

/** struct file_guard_event of file_guard.h, component for field. Unsigned fields arrive as Java's signed types. */
record FileAccessRecord(Header header, long objectInode, long matchedInode, long exeInode, long cgroup, int device,
        int exeDevice, int rule, int operation, int hook, int verdict, int mode, int tgid, int pid, int uid, int gid,
        int namesLength, int otherLength, int mountsLength, int seen, int depth, int second, int cut, int killed, int limited, String comm,
        byte[] ancestors, byte[] names) {
    private static final int CUT_NAMES = 1;
    private static final int CUT_OTHER = 2;
    private static final int CUT_MOUNTS = 4;

    /** struct garrison_event. */
    record Header(long timeNs, int type, int generation) {}

    boolean namesCut() {
        return (cut & CUT_NAMES) != 0;
    }

    boolean otherCut() {
        return (cut & CUT_OTHER) != 0;
    }

    boolean mountsCut() {
        return (cut & CUT_MOUNTS) != 0;
    }
}
