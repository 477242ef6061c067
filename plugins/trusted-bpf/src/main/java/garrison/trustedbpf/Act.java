// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import java.util.Locale;

/** What a process did, by the word that events use. The numbers are enum trusted_bpf_act of trusted_bpf.h. */
public enum Act {
    /** bpf(2). */
    BPF,
    /** ioctl(2) PERF_EVENT_IOC_SET_BPF. */
    PERF_ATTACH,
    /** setsockopt(2) SO_ATTACH_BPF or SO_ATTACH_REUSEPORT_EBPF. */
    SOCKET_ATTACH,
    /** A BPF descriptor came through a socket or pidfd_getfd(2). */
    RECEIVE,
    /** ptrace(2) of a trusted process, and whatever needs the same right: process_vm_writev(2), /proc/PID/mem, pidfd_getfd(2). */
    TRACE,
    /** execve(2) of a program with a signature. */
    EXEC,
    /** A file was mapped to be executed. */
    MAP_FILE,
    /** Garrison, or an interpreter, opened a file to read it. */
    OPEN_FILE,
    /** A file of which Garrison consists was to be opened for writing, or truncated. */
    WRITE_FILE,
    /** kill(2) and its like, of Garrison. */
    SIGNAL,
    /** A trusted loader loads a BPF program that is not signed as the policy wants it. */
    LOAD_SIGNED,
    /** A process that holds a BPF program asked the network to do what could attach it: netlink, iptables, tun, kcm. */
    NET_ATTACH,
    /** keyctl(2) of a keyring by which signatures are checked, of a key in it, or of the keyring that keeps it. */
    KEYCTL;

    int number() {
        return ordinal() + 1;
    }

    /** As events write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static String word(int number) {
        return number >= 1 && number <= values().length ? values()[number - 1].word() : "act_" + number;
    }
}
