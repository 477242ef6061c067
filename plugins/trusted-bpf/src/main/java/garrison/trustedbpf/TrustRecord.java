// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import garrison.spi.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;

/** struct trusted_bpf_event of trusted_bpf.h, component for field. Unsigned fields arrive as Java's signed types. */
record TrustRecord(Header header, long exeInode, long cgroup, int exeDevice, int act, int command, int reason, int error, int verdict,
        int mode, int tgid, int pid, int uid, int gid, int other, String comm) {
    /** struct garrison_event. */
    record Header(long timeNs, int type, int generation) {}

    BpfUseEvent use(Instant time) {
        return new BpfUseEvent(TrustedBpf.NAME, time, Act.word(act), what(), Reason.word(reason), error,
                verdict, mode == 0 ? Mode.AUDIT : Mode.ENFORCE, tgid, pid, Integer.toUnsignedLong(uid), Integer.toUnsignedLong(gid),
                comm, executable(), cgroup, device(), exeInode, other);
    }

    LoaderTrustEvent trust(Instant time) {
        return new LoaderTrustEvent(TrustedBpf.NAME, time, reason == Reason.TRUSTED.ordinal(), Act.word(act), Reason.word(reason),
                error, tgid, Integer.toUnsignedLong(uid), Integer.toUnsignedLong(gid), comm, executable(), cgroup, device(), exeInode);
    }

    private String what() {
        if (act == Act.KEYCTL.number()) {
            return KeyOperation.word(command);
        }
        return act == Act.BPF.number() ? Command.word(command) : act == Act.SIGNAL.number() ? String.valueOf(command) : "";
    }

    private String device() {
        return (exeDevice >>> 20) + ":" + (exeDevice & 0xfffff);
    }

    private String executable() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + tgid + "/exe")).toString();
        } catch (IOException | InvalidPathException e) {
            // It has ended, or its program's name is no path in this locale.
            return "";
        }
    }
}
